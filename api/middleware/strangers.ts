import ipaddr from 'ipaddr.js';
import { sql } from 'kysely';
import { strangerRates } from '../../contracts/rate-limits';
import type { Database } from '../../operations/transaction/database';
import { toEngineFault } from '../../operations/transaction/faults';
import type { CountStranger } from '../services';

/** Decides whether the refusal of a caller without a valid key is recorded by itself or counted with others. */
export function createCountStranger(db: Database): CountStranger {
  const { addressRequests, allRequests, seconds } = strangerRates;
  return async (address) => {
    try {
      const { rows } = await sql<{ recorded: boolean; report_due: boolean }>`
        select * from aos_admit_stranger(${networkOf(address)}, ${addressRequests}, ${allRequests}, ${seconds}, null)`.execute(
        db,
      );
      return { isRecorded: rows[0]?.recorded === true, isReportDue: rows[0]?.report_due === true };
    } catch (error) {
      throw toEngineFault(error);
    }
  };
}

/** One subscriber holds at least a /64 of IPv6, so that is what counts as one address. */
export function networkOf(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString()}/64`;
}
