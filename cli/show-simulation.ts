import type { Row } from './api-client';
import type { Session } from './session';
import { column, renderFields, renderTable, textColumn, type Column } from './table';
import { counted } from './text';

/** What a policy would change: counted, and call by call where it would decide otherwise than was decided. */
export function showSimulation(session: Session, data: Row): void {
  const calls = data['calls'] as Row | null | undefined;
  const call = data['call'] as Row | null | undefined;
  session.show(data, () => {
    if (call !== null && call !== undefined) return renderFields(Object.entries(call));
    return calls === null || calls === undefined ? '' : callsText(session, calls);
  });
  if (typeof calls?.['truncated_by'] === 'string') {
    session.note(`not all calls were tried: it ended by ${limitWords[calls['truncated_by']] ?? 'a limit'}`);
  }
}

const limitWords: Readonly<Record<string, string>> = {
  calls: 'the number of calls; raise --limit, or narrow it by --server, --tool, --since',
  bytes: 'the size of the arguments; narrow it by --tool or --since',
  time: 'the time that it may take; narrow it by --tool or --since',
};

function callsText(session: Session, calls: Row): string {
  const { columns: width } = session.run.stdout;
  const table = (columns: readonly Column[], rows: readonly Row[]) =>
    rows.length === 0 ? '' : `\n${renderTable(columns, rows, width, session.colors.bold)}`;
  const items = rowsOf(calls['items']);
  return [
    `${counted(Number(calls['simulated'] ?? 0), 'call')} tried\n`,
    table(changeColumns, rowsOf(calls['changes'])),
    table(missingColumns, rowsOf(calls['not_simulated'])),
    table(callColumns, items.filter(isChanged)),
  ].join('');
}

function rowsOf(value: unknown): readonly Row[] {
  return Array.isArray(value) ? (value as Row[]) : [];
}

function isChanged(item: Row): boolean {
  const simulated = part(item, 'simulated', 'decision');
  return simulated !== undefined && simulated !== part(item, 'decided', 'decision');
}

function part(item: Row, member: string, name: string): unknown {
  return (item[member] as Row | null | undefined)?.[name];
}

const changeColumns = [column('decided', 'from'), column('with the policy', 'to'), column('calls', 'calls')];
const missingColumns = [column('not tried because', 'reason'), column('calls', 'calls')];
const callColumns: readonly Column[] = [
  column('call', 'invocation_id'),
  column('at', 'invoked_at'),
  column('tool', 'tool_name'),
  { title: 'decided', value: (item) => part(item, 'decided', 'decision') },
  { title: 'now', value: (item) => part(item, 'current', 'decision') },
  { title: 'with the policy', value: (item) => part(item, 'simulated', 'decision') },
  { ...textColumn('why', ''), value: (item) => part(item, 'simulated', 'message') },
];
