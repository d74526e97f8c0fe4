import { EngineError } from '../../../contracts/errors';
import { toEngineFault } from '../../../operations/transaction/faults';

test.each([
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error and is not queryable',
])('a connection that is lost or not to be had is told as a service that is unavailable: %s', (message) => {
  const cause = new Error(message);
  expect(toEngineFault(cause)).toMatchObject({ code: 'service_unavailable', cause });
});

test('what the driver says of anything else stays as it is', () => {
  const error = new Error('The server does not support SSL connections');
  expect(toEngineFault(error)).toBe(error);
  const refused = new EngineError('timeout', 'too long');
  expect(toEngineFault(refused)).toBe(refused);
});
