import type { Command } from 'commander';
import { addWriteCommand } from '../../add-command';
import type { Row } from '../../api-client';
import type { CliRun } from '../../deps';
import { exitCodes } from '../../exit-codes';
import { CliFailure, usageFailure } from '../../failures';
import { serverPathOf } from '../../resolve-name';
import { action, type Session } from '../../session';
import { counted } from '../../text';

const rowsMax = 100_000;
const whole = /^tool_[0-9a-f]{12}:[0-9a-f]{64}$/;

/** `aos servers approve` */
export function addServerApproveCommand(servers: Command, run: CliRun): void {
  addWriteCommand(
    servers,
    'approve <server> <tool:hash...>',
    'pin changed definitions, as `aos servers tools` shows them',
  )
    .requiredOption('--reason <text>', 'why; it is kept in the audit')
    .action(action(run, approve));
}

async function approve(
  session: Session,
  server: string,
  shown: readonly string[],
  { reason }: { reason: string },
): Promise<void> {
  const path = await serverPathOf(session, server);
  const rows = shown.every((each) => whole.test(each)) ? [] : (await session.api.list(`${path}/tools`, rowsMax)).items;
  const tools = shown.map((each) => toolOf(each, rows));
  const data = await session.api.write('POST', `${path}/approve-definitions`, { tools, reason });
  session.show(data, () => `${counted(tools.length, 'definition')} of ${server} approved\n`);
}

// Only what was shown is approved: a definition that was seen since has another hash.
function toolOf(shown: string, rows: readonly Row[]) {
  const [, given = '', hash = ''] = /^(.+):([0-9a-f]{12,64})$/.exec(shown) ?? [];
  if (given === '') throw usageFailure(`${shown} is not of the form tool:hash`, 'see aos servers tools <server>');
  if (whole.test(shown)) return { tool_id: given, seen_hash: hash };
  const row = rows.find((each) => each['tool_id'] === given || each['name'] === given);
  const seenHash = (row?.['seen'] as Row | null | undefined)?.['seen_hash'];
  if (row === undefined || typeof seenHash !== 'string' || !seenHash.startsWith(hash)) {
    const message = `conflict: ${given} does not wait with the definition ${hash}`;
    throw new CliFailure(message, exitCodes.refused, 'look at it again: aos servers tools <server>');
  }
  return { tool_id: String(row['tool_id']), seen_hash: seenHash };
}
