import Table from 'cli-table3';
import type { Row } from './api-client';
import { printable, shortTime } from './text';

export interface Column {
  readonly title: string;
  value(row: Row, index: number): unknown;
  /** Takes the width that the other columns leave, and breaks lines. */
  readonly wraps?: boolean;
}

/** A column that shows the first of these fields that the row has. */
export function column(title: string, ...fields: readonly string[]): Column {
  return { title, value: (row) => shortTime(firstOf(row, fields)) };
}

/** As `column`, for long text. */
export function textColumn(title: string, ...fields: readonly string[]): Column {
  return { ...column(title, ...fields), wraps: true };
}

/** The first of these fields that is there and not null. */
export function firstOf(row: Row, fields: readonly string[]): unknown {
  return fields.map((field) => row[field]).find((value) => value !== undefined && value !== null);
}

const gap = 2;
const wrapWidthMin = 24;
const lineWidthMax = 60;

/** Rows in aligned columns without a frame, so that they can be read, searched and cut. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly Row[],
  width: number,
  emphasis: (title: string) => string = (title) => title,
): string {
  const body = rows.map((row, index) => columns.map((each) => printable(each.value(row, index))));
  const table = new Table({
    head: columns.map(({ title }) => emphasis(title)),
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': gap },
    chars: frameless,
    wordWrap: true,
    colWidths: columnWidths(columns, body, width),
  });
  table.push(...body);
  return trimEnds(table.toString());
}

/** Name and value, one a line; what holds much itself follows indented. */
export function renderFields(entries: readonly (readonly [string, unknown])[]): string {
  const titleWidth = Math.max(0, ...entries.map(([title]) => title.length));
  return entries
    .map(([title, value]) => {
      const inner = fitsLine(value) ? undefined : innerLines(value);
      return inner === undefined
        ? `${title.padEnd(titleWidth + gap)}${printable(shortTime(value))}\n`
        : `${title}\n${indented(inner)}`;
    })
    .join('');
}

function innerLines(value: unknown): string {
  if (!Array.isArray(value)) return renderFields(Object.entries(value as object));
  return value.map((each) => (fitsLine(each) ? `${printable(each)}\n` : `-\n${indented(innerLines(each))}`)).join('');
}

/** Plain values, and a few of them in an object; in an array objects have a line each. */
function fitsLine(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  const inner: unknown[] = Object.values(value);
  if (inner.length === 0) return true;
  if (inner.some((each) => typeof each === 'object' && each !== null)) return false;
  return Array.isArray(value) || printable(value).length <= lineWidthMax;
}

function indented(lines: string): string {
  return lines.replaceAll(/^(?=.)/gm, ' '.repeat(gap));
}

function columnWidths(columns: readonly Column[], body: readonly string[][], width: number): (number | null)[] {
  const natural = columns.map(({ title }, index) =>
    Math.max(title.length, ...body.map((cells) => (cells[index] ?? '').length)),
  );
  const fixed = natural.filter((_, index) => columns[index]?.wraps !== true).reduce((sum, each) => sum + each + gap, 0);
  const wrapping = columns.filter(({ wraps }) => wraps === true).length;
  const share = Math.max(wrapWidthMin, Math.floor((width - fixed) / Math.max(wrapping, 1)));
  return columns.map(({ wraps }, index) => (wraps === true ? Math.min(share, (natural[index] ?? 0) + gap) : null));
}

function trimEnds(text: string): string {
  return text
    .split('\n')
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

const frameless = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) => [
    [side, ''],
    [`${side}-mid`, ''],
    [`${side}-left`, ''],
    [`${side}-right`, ''],
    [`left-${side}`, ''],
    [`mid-${side}`, ''],
    [`right-${side}`, ''],
    ['middle', ''],
  ]),
);
