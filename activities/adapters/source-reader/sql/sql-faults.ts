import { EngineError, refusal } from '../../../../contracts/errors';

/** The stage that asks, by the word for its failures. */
export type SqlFailure = 'VERIFICATION_FAILED' | 'SQL_INGESTION_ERROR';

const passing = /^(08|53|57P|58)|^(40001|40P01|55P03|25P03|25P04|57014)$/;
const lost = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)/;
const lostText = /^Connection terminated|^timeout exceeded|^timeout expired|not queryable|connection error/i;
const ended = /^(08|57P|25P0[34])/;

/** Whether the session is gone, so that another could be opened: the server ended it, or the connection broke. */
export function isSessionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  return ended.test(code) || lost.test(code) || lostText.test(error.message);
}

/**
 * A fault of the far side in our words. A message of Postgres may hold values of rows, so it goes no further, save those
 * of the classes that speak about the template's own text.
 */
export function toSqlFault(error: unknown, failure: SqlFailure, connection: string): unknown {
  if (error instanceof EngineError || typeof error !== 'object' || error === null) return error;
  const { name, message = '' } = error as { name?: string; message?: string };
  const code = codeOf(error);
  const permanent = (text: string) => refusal(failure, text, { cause: error });
  if (code === '57014' || name === 'TimeoutError')
    return permanent('the query took longer than 30 s: add an index, or read less with the template');
  if (/^28/.test(code) || /password|SASL|SCRAM/i.test(message)) {
    return permanent(`the database of the connection ${connection} does not accept its user or password`);
  }
  if (code === '3D000') return permanent(`the connection ${connection} names a database that is not there`);
  if (passing.test(code) || lost.test(code) || lostText.test(message)) {
    return new EngineError('service_unavailable', `the database of the connection ${connection} cannot be reached`, {
      cause: error,
    });
  }
  if (/SSL|TLS|certificate|CERT/i.test(`${code} ${message}`)) {
    return permanent(`no trusted TLS with the database of the connection ${connection}: see "ssl" of the connection`);
  }
  if (/^(42|25006|0A)/.test(code))
    return permanent(`Postgres refuses the template: ${message.slice(0, 300)} (${code})`);
  if (/^[0-9A-Z]{5}$/.test(code)) return permanent(`the query of the template failed with the SQLSTATE ${code}`);
  return error;
}

/** SQLSTATE, or that of a socket. */
function codeOf(error: object): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
