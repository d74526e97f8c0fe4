import { pipeline, type Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { HttpProblem } from './problems';

/** What is asked for: these can be undone piece by piece, so that a bomb is seen before it is large. */
export const acceptedEncodings = 'gzip, br';

const decoders = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  br: createBrotliDecompress,
} as const;

export interface DecodeOptions {
  /** As it stands in the header. */
  readonly encoding: string | undefined;
  /** Of the bytes on their way and of what they decompress to. */
  readonly bytesMax: number;
}

/** The body with its encoding undone, at most `bytesMax` of it: more fails as too_large. */
export function decodeBody(body: Readable, { encoding, bytesMax }: DecodeOptions): Readable {
  const name = (encoding ?? '').trim().toLowerCase();
  if (name === '' || name === 'identity') return piped(body, [bounded(bytesMax)]);
  if (!Object.hasOwn(decoders, name)) {
    throw new HttpProblem('malformed', `its content is encoded as ${name.slice(0, 64)}, which nobody asked for`);
  }
  return piped(body, [bounded(bytesMax), decoders[name as keyof typeof decoders](), bounded(bytesMax)]);
}

/** A gzip file, decompressed. */
export function gunzip(body: Readable, bytesMax: number): Readable {
  return piped(body, [createGunzip(), bounded(bytesMax)]);
}

// Awaited nowhere: whoever reads the last stream meets the failure of any.
function piped(body: Readable, steps: readonly NodeJS.ReadWriteStream[]): Readable {
  return pipeline([body, ...steps], () => {}) as unknown as Readable;
}

function bounded(bytesMax: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= bytesMax) return done(null, chunk);
      done(new HttpProblem('too_large', `larger than ${bytesMax} bytes`));
    },
  });
}

/** Zlib's own failures: the far side's content is broken. */
export function isBrokenEncoding(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && /^(?:Z_|ERR__ERROR_|ERR_BROTLI)/.test(code);
}
