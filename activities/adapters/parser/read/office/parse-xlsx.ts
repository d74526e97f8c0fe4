import readSheets from 'read-excel-file/node';
import { UnreadableDocument } from '../../port';
import { bounds } from '../bounds';
import { orDamaged } from '../or-damaged';
import { checkedCopy } from './checked-copy';
import type { Archive } from './open-archive';

type Cell = string | number | boolean | Date | null;

/**
 * Each sheet under its name: the first row that has more than one value names the columns, each row below it is lines
 * `column: value`. A form feed stands between sheets.
 */
export async function parseXlsx(archive: Archive): Promise<string> {
  const copy = checkedCopy(archive, checkExtent);
  const sheets = await orDamaged('workbook', () => readSheets(copy));
  return sheets.map(({ sheet, data }) => sheetText(sheet, data as unknown as Cell[][])).join('\n\f\n');
}

/** The library fills the gaps of a sheet, so its extent counts and not the cells in the file. */
function checkExtent(name: string, xml: string): void {
  if (!/\/worksheets\/[^/]+$/.test(name)) return;
  let rowMax = 0;
  let columnMax = 1;
  for (const [, letters = '', digits = ''] of xml.matchAll(/\sr=["']([A-Z]{0,4})(\d{1,10})["']/g)) {
    rowMax = Math.max(rowMax, Number(digits));
    columnMax = Math.max(columnMax, columnNumber(letters));
    if (rowMax > bounds.rowsMax || rowMax * columnMax > bounds.cellsMax) {
      throw new UnreadableDocument('too_large', `A sheet extends over more than ${bounds.cellsMax} cells.`);
    }
  }
}

function columnNumber(letters: string): number {
  let number = 0;
  for (let at = 0; at < letters.length; at += 1) number = number * 26 + letters.charCodeAt(at) - 64;
  return number;
}

function sheetText(name: string, rows: readonly (readonly Cell[])[]): string {
  const blocks = [name];
  let headers: readonly string[] | undefined;
  for (const row of rows) {
    const values = row.map(cellText);
    const filled = values.filter((value) => value !== '').length;
    if (filled === 0) continue;
    if (headers === undefined && filled > 1) headers = values;
    else blocks.push(headers ? rowText(headers, values) : values.join(' ').trim());
  }
  return blocks.length === 1 && headers ? [name, headers.join('\n')].join('\n\n') : blocks.join('\n\n');
}

function rowText(headers: readonly string[], values: readonly string[]): string {
  const lines: string[] = [];
  for (const [index, value] of values.entries()) {
    if (value !== '') lines.push(`${headers[index] || `column ${index + 1}`}: ${value}`);
  }
  return lines.join('\n');
}

function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  if (cell instanceof Date) return dateText(cell);
  return String(cell).trim();
}

/** A day without a time is a day. */
function dateText(date: Date): string {
  if (Number.isNaN(date.getTime())) return '';
  return date
    .toISOString()
    .replace(/T00:00:00\.000Z$/, '')
    .replace(/\.000Z$/, 'Z');
}
