import { errorRules } from '../../contracts/errors';
import type { RawAnswer } from './raw-call';

interface Expected {
  readonly status: number;
  readonly code: string;
  readonly requestId?: string;
}

type Answer = Pick<RawAnswer, 'status' | 'headers' | 'body'>;

/** The failure envelope, whole: shape, status and category of the code, ids in header and body. */
export function expectFailure(what: string, answer: Answer, { status, code, requestId }: Expected): void {
  const { headers, body } = answer;
  expect({ what, status: answer.status, code: body?.error?.code }).toEqual({ what, status, code });
  const rule = errorRules[code as keyof typeof errorRules];
  expect(rule.httpStatus).toBe(status);
  const echoed = headers.get('x-request-id');
  expect({ what, body }).toEqual({
    what,
    body: {
      success: false,
      error: expect.objectContaining({ category: rule.category, code, message: expect.stringMatching(/\S/) }),
      meta: { request_id: echoed, timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) },
    },
  });
  if (requestId !== undefined) expect({ what, requestId: echoed }).toEqual({ what, requestId });
  expect(headers.get('content-type')).toMatch(/^application\/json/);
  const allowed = ['category', 'code', 'reason', 'message', 'retry_after_seconds', 'details'];
  expect(Object.keys(body.error).filter((member) => !allowed.includes(member))).toEqual([]);
  expect(headers.get('retry-after')).toBe(body.error.retry_after_seconds?.toString() ?? null);
  // Nothing of our inside.
  expect(JSON.stringify(body)).not.toMatch(/node_modules|\bat .*\.[tj]s:\d+|select .* from|prisma|kysely/i);
}
