import type { LimitState } from '../../contracts/rate-limits';
import type { Admission } from '../services';

/** How the limits of a caller stand after its requests, as the door's functions of the database say. */
export interface LimitRow {
  readonly tenant_requests: number;
  readonly tenant_seconds: number;
  readonly tenant_tokens: number | null;
  readonly key_requests: number;
  readonly key_seconds: number;
  readonly key_tokens: number | null;
  /** How many of the requests. */
  readonly admitted: number;
  readonly report_due: boolean;
}

/** What the request at this place of its group got. */
export function limitStates(row: LimitRow, place: number): Pick<Admission, 'limits' | 'isAdmitted' | 'isReportDue'> {
  return {
    limits: limitsOf(row, Math.max(0, row.admitted - 1 - place)),
    isAdmitted: place < row.admitted,
    isReportDue: row.report_due && place === row.admitted,
  };
}

// Those behind it had not taken theirs yet.
function limitsOf({ tenant_tokens: ofTenant, key_tokens: ofKey, ...row }: LimitRow, behind: number): LimitState[] {
  if (ofTenant === null || ofKey === null) return [];
  return [
    { subject: 'tenant', requests: row.tenant_requests, seconds: row.tenant_seconds, tokens: ofTenant + behind },
    { subject: 'key', requests: row.key_requests, seconds: row.key_seconds, tokens: ofKey + behind },
  ];
}
