import { createHash } from 'node:crypto';
import { z } from 'zod';
import { refusal } from '../contracts/errors';

const Content = z.tuple([z.string(), z.unknown()]);

/** What a cursor belongs to: the list, the tenant, the path and the filters. */
export type CursorScope = readonly unknown[];

/** The place in a list where the next page begins, in a form that callers do not take apart. */
export function encodeCursor(scope: CursorScope, key: unknown): string {
  return Buffer.from(JSON.stringify([tagOf(scope), key])).toString('base64url');
}

/** The sort key of a cursor of exactly this list; anything else is refused. */
export function decodeCursor<Key>(cursor: string, scope: CursorScope, schema: z.ZodType<Key>): Key {
  const content = Content.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString('utf8')));
  if (!content.success || content.data[0] !== tagOf(scope)) throw foreign();
  const key = schema.safeParse(content.data[1]);
  if (!key.success) throw foreign();
  return key.data;
}

// No secret: what may be read is decided by tenant and permission. The tag only tells one list from another.
function tagOf(scope: CursorScope): string {
  return createHash('sha256').update(JSON.stringify(scope)).digest('base64url').slice(0, 12);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function foreign() {
  return refusal('validation_error', 'the cursor does not belong to this list; begin without one', {
    details: { field: 'cursor' },
  });
}
