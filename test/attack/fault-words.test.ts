import { ActivityFailure, ApplicationFailure, RetryState, TimeoutFailure, TimeoutType } from '@temporalio/common';
import { readFailure } from '../../workflows/governance/ended-work';

const failed = (cause: Error) =>
  new ActivityFailure('Activity task failed', 'ingestSources', '1', RetryState.MAXIMUM_ATTEMPTS_REACHED, 'w', cause);

test('a fault of ours ends a job without words from its inside, which tenants read in state and audit', () => {
  const inside = ApplicationFailure.retryable('EACCES: permission denied, open /srv/aos/objects/ten_1/ab/abc', 'Error');
  const { code, message } = readFailure(failed(inside));
  expect(code).toBe('internal_error');
  expect(message).not.toMatch(/EACCES|srv/);
  expect(readFailure(new Error('duplicate key (jane@example.com)')).message).not.toContain('jane');
});

test('refusals and time-outs keep their words', () => {
  const refused = ApplicationFailure.nonRetryable('no documents', 'invalid_state', { reason: 'INGESTION_FAILED' });
  expect(readFailure(failed(refused))).toEqual({
    ...{ code: 'invalid_state', reason: 'INGESTION_FAILED', message: 'no documents' },
  });
  const late = new TimeoutFailure('heartbeat', undefined, TimeoutType.HEARTBEAT);
  expect(readFailure(failed(late))).toMatchObject({ code: 'timeout' });
});
