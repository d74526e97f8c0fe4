import type { LedgerLine } from '../../ledger';
import type { Finder, Material } from '../check';

interface Span {
  readonly from: number;
  readonly to: number;
}

/** A fault is felt for as long as it takes to notice that somebody is gone. */
const feltMs = 15_000;

interface UnknownRow {
  readonly intent_id: string;
  readonly tenant_id: string;
  readonly sent: Date;
  readonly told: Date;
}

/** Nobody knows what became of a call only where a fault or a switch came between its intent and its outcome. */
export async function unknownCalls({ sql, ledger }: Material, look: Finder): Promise<void> {
  const reasons = [...faultsOf(ledger), ...switchesOf(ledger)];
  const { rows } = await sql.query<UnknownRow>(
    `select i.intent_id, i.tenant_id, i.created_at as sent, o.recorded_at as told from effect_intents i
      join effect_outcomes o using (intent_id) where i.subject like 'tool:%' and o.first and o.outcome = 'unknown'`,
  );
  look.examined += rows.length;
  for (const { intent_id, tenant_id, sent, told } of rows) {
    const isExplained = reasons.some(({ from, to }) => from <= told.getTime() && sent.getTime() <= to + feltMs);
    if (!isExplained) look.found('unknown-without-fault', { intent_id, tenant_id });
  }
}

function faultsOf(ledger: readonly LedgerLine[]): Span[] {
  return ledger.flatMap((line, index) => {
    if (line.kind !== 'fault' || line.isOver) return [];
    const end = ledger
      .slice(index + 1)
      .find((later) => later.kind === 'fault' && later.isOver && later.fault === line.fault);
    return [spanOf(line, end)];
  });
}

// It may stop calls before its answer is there.
function switchesOf(ledger: readonly LedgerLine[]): Span[] {
  return ledger.flatMap((line, index) => {
    if (line.kind !== 'answered' || line.acknowledgedSwitch?.enabled !== true) return [];
    const { switch_id: thrown } = line.acknowledgedSwitch;
    const sent = ledger.find((each) => each.kind === 'sent' && each.call.callId === line.call.callId);
    const release = ledger
      .slice(index + 1)
      .find((later) => later.kind === 'sent' && later.releasing?.switch_id === thrown);
    return [spanOf(sent ?? line, release)];
  });
}

function spanOf(begin: LedgerLine, end: LedgerLine | undefined): Span {
  return { from: Date.parse(begin.at), to: end === undefined ? Infinity : Date.parse(end.at) };
}
