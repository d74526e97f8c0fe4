import busboy, { type Busboy } from 'busboy';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { refusal, type EngineError } from '../../contracts/errors';
import { SourceId } from '../../contracts/knowledge-schemas';
import type { Uploads } from '../services';
import { nameProblem, showableName } from './file-name';
import { storeFile, type StoredFile } from './store-file';

export const fileBytesMax = 100 * 1024 * 1024;
export const filesMax = 100;
const fieldsMax = 10;
const fieldBytesMax = 1024;

export interface ReceivedFiles {
  readonly sourceId: string | undefined;
  readonly files: readonly (StoredFile & { readonly name: string })[];
  /** What cannot be stored. */
  readonly rejected: readonly { readonly name: string; readonly reason: string }[];
}

export interface ReceiveInput {
  readonly request: IncomingMessage;
  readonly tenantId: string;
  readonly uploads: Uploads;
}

/** Stores the files of a multipart request while they arrive. Nothing counts before the request is complete. */
export async function receiveFiles({ request, tenantId, uploads }: ReceiveInput): Promise<ReceivedFiles> {
  const parser = createParser(request);
  const collected = createCollection();
  const aborted = new AbortController();
  const put = (content: Readable) => uploads.put(tenantId, content, { bytesMax: fileBytesMax, signal: aborted.signal });

  await new Promise<void>((resolve, reject) => {
    const fail = (error: unknown) => {
      reject(error as Error);
      request.unpipe(parser);
      request.resume();
      aborted.abort();
      parser.destroy();
    };
    const guarded =
      <A extends unknown[]>(work: (...args: A) => void) =>
      (...args: A) => {
        try {
          work(...args);
        } catch (error) {
          fail(error);
        }
      };
    parser.on('field', guarded(collected.addField));
    parser.on('fieldsLimit', () => fail(unfit('body', 'the form has too many fields')));
    parser.on('file', (part, file, { filename }) => {
      file.on('error', () => {});
      const slot = collected.addFile(part, filename, fail);
      if (slot === undefined) file.resume();
      else slot.stored = storeFile({ file, bytesMax: fileBytesMax, put });
      slot?.stored?.catch(fail);
    });
    parser.on('error', (error) => fail(unfit('body', 'the form cannot be read', error)));
    parser.once('close', resolve);
    request.on('error', (error) => fail(endedTooSoon(error)));
    request.once('close', () => (request.complete ? undefined : fail(endedTooSoon())));
    request.pipe(parser);
  });
  return collected.result();
}

function createParser(request: IncomingMessage): Busboy {
  if (!/^multipart\/form-data\b/i.test(request.headers['content-type'] ?? '')) {
    throw unfit('content-type', 'send the files as multipart/form-data');
  }
  try {
    return busboy({
      headers: request.headers,
      preservePath: true,
      defParamCharset: 'utf8',
      limits: { fields: fieldsMax, fieldSize: fieldBytesMax, fieldNameSize: 100 },
    });
  } catch (error) {
    throw unfit('content-type', 'the content type is not a usable multipart/form-data', error);
  }
}

interface Slot {
  readonly name: string;
  stored?: Promise<StoredFile | undefined>;
}

function createCollection() {
  const slots: Slot[] = [];
  const names = new Set<string>();
  const rejected: { name: string; reason: string }[] = [];
  const fields: Record<string, string> = {};
  let count = 0;

  const reject = (name: string, reason: string) => void rejected.push({ name: showableName(name), reason });

  return {
    addField(name: string, value: string): void {
      // A part of this name without a file name is a file that nobody could find again.
      if (name === 'files') return reject('', 'the file has no name');
      if (name !== 'source_id') throw unfit(name ?? '', 'there is no such field');
      if (Object.hasOwn(fields, name)) throw unfit(name, 'the field is there twice');
      fields[name] = value;
    },
    addFile(part: string, filename: string | undefined, fail: (error: EngineError) => void): Slot | undefined {
      count += 1;
      if (part !== 'files') fail(unfit(part ?? '', 'send files in the field files'));
      else if (count > filesMax) fail(unfit('files', `send at most ${filesMax} files in one request`));
      else {
        const name = (filename ?? '').normalize('NFC');
        const problem = names.has(name) ? 'the request holds this name twice' : nameProblem(name);
        names.add(name);
        if (problem !== undefined) return void reject(name, problem);
        const slot: Slot = { name };
        slots.push(slot);
        return slot;
      }
      return undefined;
    },
    async result(): Promise<ReceivedFiles> {
      const files: (StoredFile & { name: string })[] = [];
      for (const { name, stored } of slots) {
        const file = await stored;
        if (file === undefined) reject(name, `the file is larger than ${fileBytesMax} bytes`);
        else files.push({ name, sha256: file.sha256, bytes: file.bytes });
      }
      if (files.length + rejected.length === 0) throw unfit('files', 'there are no files in the request');
      const { source_id: source } = fields;
      return { sourceId: source === undefined ? undefined : parseSource(source), files, rejected };
    },
  };
}

function parseSource(value: string): string {
  const parsed = SourceId.safeParse(value);
  if (parsed.success) return parsed.data;
  throw unfit('source_id', parsed.error.issues[0]?.message ?? 'not an id');
}

function endedTooSoon(cause?: unknown): EngineError {
  return unfit('body', 'the upload ended too soon; nothing was taken', cause);
}

function unfit(field: string, message: string, cause?: unknown): EngineError {
  return refusal('validation_error', message, {
    details: { field: field.slice(0, 200), field_errors: [{ field: field.slice(0, 200), message }] },
    cause,
  });
}
