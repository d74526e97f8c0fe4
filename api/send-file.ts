import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import { logOf } from './middleware/request-log';
import type { AnsweredFile } from './route';

/** Sends a file as it is read. A fault on the way breaks the connection off, so that half a file never looks whole. */
export async function sendFile(
  res: Response,
  { name, mediaType, bytes, sha256, content }: AnsweredFile,
): Promise<void> {
  res.status(200).set({
    'Content-Type': mediaType,
    'Content-Length': String(bytes),
    'Content-Disposition': `attachment; filename="${name}"`,
    'Cache-Control': 'private, no-store',
    // RFC 9530
    'Repr-Digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
  });
  if (res.req.method === 'HEAD') {
    content.destroy();
    return void res.end();
  }
  try {
    await pipeline(content, res);
  } catch (error) {
    if (!res.headersSent) throw error;
    if (!res.req.socket.destroyed) logOf(res).error({ err: error }, 'file broke off');
    res.destroy();
  }
}
