import type { Command } from 'commander';
import { addListCommand } from '../../add-command';
import type { Row } from '../../api-client';
import type { CliRun } from '../../deps';
import { serverPathOf } from '../../resolve-name';
import { action, type Session } from '../../session';
import { column, renderTable, textColumn } from '../../table';
import { printable, shellWord } from '../../text';

const hashDigitsShown = 12;

/** `aos servers tools` */
export function addServerToolsCommand(servers: Command, run: CliRun): void {
  addListCommand(
    servers,
    'tools <server>',
    'its tools, and how those differ that were described otherwise since',
  ).action(action(run, tools));
}

async function tools(session: Session, server: string, { limit }: { limit: number }): Promise<void> {
  const page = await session.api.list(`${await serverPathOf(session, server)}/tools`, limit);
  session.showRows(page, columns, 'tool');
  const changed = page.items.filter((row) => seenOf(row) !== undefined);
  if (session.json || changed.length === 0) return;
  session.run.stdout.write(changed.map((row) => differencesText(session, row)).join(''));
  const names = changed.map((row) => shellWord(`${printable(row['name'])}:${shownHash(row)}`)).join(' ');
  session.note(`after a look at them: aos servers approve ${shellWord(server)} ${names} --reason "…"`);
}

function differencesText({ run, colors }: Session, row: Row): string {
  const differences = (seenOf(row)?.['differences'] ?? []) as Row[];
  const title = `\n${printable(row['name'])} is described otherwise since it was pinned (${shownHash(row)}):\n`;
  return `${title}${renderTable(differenceColumns, differences, run.stdout.columns, colors.bold)}`;
}

function seenOf(row: Row): Row | undefined {
  return (row['seen'] ?? undefined) as Row | undefined;
}

function shownHash(row: Row): string {
  return printable(seenOf(row)?.['seen_hash']).slice(0, hashDigitsShown);
}

const columns = [
  column('tool', 'tool_id'),
  column('name', 'name'),
  column('risk', 'risk_level'),
  column('state', 'definition_state'),
  column('enabled', 'enabled'),
  { title: 'granted', value: (row: Row) => row['grant'] !== null && row['grant'] !== undefined },
  column('calls', 'invocation_count'),
  textColumn('description', 'description'),
];

const differenceColumns = [column('where', 'field'), textColumn('pinned', 'from'), textColumn('now', 'to')];
