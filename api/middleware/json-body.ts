import express, { type Request, type Response } from 'express';
import { refusal, type EngineError } from '../../contracts/errors';

const bodyBytesMax = 10 * 1024 * 1024;
const parseJson = express.json({ limit: bodyBytesMax, type: () => true });

/** The JSON body of a request; an absent one counts as `{}`. */
export async function readJsonBody(req: Request, res: Response): Promise<unknown> {
  if (!hasBody(req)) return {};
  if (!req.is('application/json')) {
    throw refusal('validation_error', 'send the body as application/json', { details: { field: 'content-type' } });
  }
  await new Promise<void>((resolve, reject) => {
    parseJson(req, res, (error: unknown) => (error === undefined ? resolve() : reject(toRefusal(error))));
  });
  return req.body as unknown;
}

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

const messages: Readonly<Record<string, string>> = {
  'entity.too.large': `the body is larger than ${bodyBytesMax} bytes`,
  'entity.parse.failed': 'the body is not valid JSON',
  'charset.unsupported': 'send the body in UTF-8',
  'encoding.unsupported': 'the content encoding is not supported; send the body as it is',
  'request.aborted': 'the body ended too soon',
};

function toRefusal(error: unknown): EngineError {
  const type = error instanceof Error && 'type' in error ? String(error.type) : '';
  return refusal('validation_error', messages[type] ?? 'the body cannot be read', {
    details: { field: 'body', ...(type === 'entity.too.large' && { bytes_max: bodyBytesMax }) },
    cause: error,
  });
}
