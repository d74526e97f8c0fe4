import { EngineError, refusal } from '../../contracts/errors';
import { isStalePlan } from './preparing-client';

const byPostgresCode: Readonly<Record<string, () => EngineError>> = {
  '23505': () => refusal('CONFLICT', 'something with this name or key exists already'),
  '40001': () => new EngineError('temporary_failure', 'the transaction met another one; try again'),
  '40P01': () => new EngineError('temporary_failure', 'the transaction met another one; try again'),
  '55P03': () => new EngineError('resource_busy', 'the row is in use; try again', { retryAfterSeconds: 2 }),
  '25P04': () => new EngineError('timeout', 'the transaction took too long and was rolled back; try again'),
  '57P01': () => new EngineError('service_unavailable', 'the database is going away; try again'),
  '57P03': () => new EngineError('service_unavailable', 'the database is starting; try again'),
  '53300': () => new EngineError('service_unavailable', 'the database has no free connection; try again'),
};

const connectionFaults = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/** What the driver says without a code. */
const connectionLost =
  /^Connection terminated|^timeout exceeded when trying to connect|^Client has encountered a connection error/;

/** Gives database faults a code from the table, by their SQLSTATE; anything else stays as it is. */
export function toEngineFault(error: unknown): unknown {
  if (error instanceof EngineError || typeof error !== 'object' || error === null) return error;
  const { code = '', message = '' } = error as { code?: string; message?: string };
  const known = byPostgresCode[code];
  if (known !== undefined) return Object.assign(known(), { cause: error });
  if (isStalePlan(error)) {
    return new EngineError('temporary_failure', 'the database was changed meanwhile; try again', { cause: error });
  }
  const isLost = connectionFaults.has(code) || connectionLost.test(message);
  return isLost
    ? new EngineError('service_unavailable', 'the database cannot be reached; try again', { cause: error })
    : error;
}
