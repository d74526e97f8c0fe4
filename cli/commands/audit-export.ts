import { createHash } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseCheckpoint, splitNote } from '../../evidence/note';
import type { Row } from '../api-client';
import { CliFailure, usageFailure } from '../failures';
import { readNote } from '../read-note';
import { resolvePlane } from '../resolve-name';
import type { Session } from '../session';
import { column } from '../table';
import { counted, printable } from '../text';

interface ExportOptions {
  readonly out: string;
  readonly plane?: string;
  readonly run?: string;
  readonly from?: string;
  readonly to?: string;
  readonly format?: string;
  readonly checkpoint?: readonly string[];
}

const exportTimeoutMs = 15 * 60_000;

/** `aos audit export` */
export async function exportEvidence(session: Session, options: ExportOptions): Promise<void> {
  const { plane, run, from, to, format, checkpoint = [] } = options;
  if ([plane, run, from ?? to].filter((each) => each !== undefined).length > 1) {
    throw usageFailure('give --plane, --run or a period, not several of them');
  }
  const { cwd } = session.run;
  const sizes = checkpoint.map((file) => sizeOf(readNote(file, cwd), file));
  const body = {
    ...(plane !== undefined && { plane_id: await resolvePlane(session, plane) }),
    ...(run !== undefined && { run_id: run }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(format !== undefined && { format }),
    ...(sizes.length > 0 && { checkpoint_sizes: sizes }),
  };
  const made = await session.api.write('POST', '/evidence/export', body, { timeoutMs: exportTimeoutMs });
  const file = path.resolve(cwd, options.out);
  await save(session, made, file);
  session.show({ ...made, file }, () => {
    const events = counted(Number(made['events']), 'event');
    const next = made['format'] === 'json' ? `check it with: aos verify ${options.out}\n` : '';
    return `${events} written to ${options.out}, of a tree of ${printable(made['tree_size'])}\nsha256 ${printable(made['sha256'])}\n${next}`;
  });
}

/** Writes beside the file and renames, so that a broken download never stands under its name. */
async function save(session: Session, made: Row, file: string): Promise<void> {
  const unfinished = `${file}.part`;
  const digest = createHash('sha256');
  async function* hashed() {
    for await (const chunk of session.api.download(`/exports/${encodeURIComponent(String(made['export_id']))}/file`)) {
      digest.update(chunk);
      yield chunk;
    }
  }
  try {
    await pipeline(hashed, createWriteStream(unfinished, { mode: 0o600 }));
    if (digest.digest('hex') !== made['sha256']) {
      throw new CliFailure('the file arrived with another hash than was announced; try again');
    }
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    const { code, path: where } = error as NodeJS.ErrnoException;
    throw where === undefined ? error : usageFailure(`${file} cannot be written (${code ?? 'unknown'})`);
  }
}

function sizeOf(note: string, file: string): number {
  try {
    return parseCheckpoint(splitNote(note).text).size;
  } catch (error) {
    throw usageFailure(`${file} is no checkpoint: ${(error as Error).message}`);
  }
}

/** `aos audit exports` */
export async function listExports(session: Session, { limit }: { limit: number }): Promise<void> {
  session.showRows(await session.api.list('/exports', limit), exportColumns, 'export');
}

/** `aos audit show-export` */
export async function showExport(session: Session, id: string): Promise<void> {
  const found = await session.api.get(`/exports/${encodeURIComponent(id)}`);
  session.show(found, () =>
    Object.entries(found)
      .map(([name, value]) => `${name.padEnd(14)}${printable(value)}\n`)
      .join(''),
  );
}

const exportColumns = [
  column('time', 'created_at'),
  column('format', 'format'),
  column('of', 'selection'),
  column('events', 'events'),
  column('bytes', 'bytes'),
  column('by', 'created_by'),
  column('export', 'export_id'),
];
