import type { Row } from './api-client';
import { exitCodes } from './exit-codes';
import type { Session } from './session';
import { renderFields, renderTable, textColumn, column } from './table';
import { printable } from './text';

/** Shows what a discovery came to; one that failed gives exit code 1. */
export function showDiscovery(session: Session, server: string, data: Row): void {
  session.show(data, () => discoveryText(session, server, data));
  endWhenFailed(session, data);
}

export function endWhenFailed(session: Session, discovery: Row | undefined): void {
  if (discovery?.['state'] === 'failed' || discovery?.['state'] === 'killed') session.end(exitCodes.failed);
}

/** What an administrator should look at before the definitions are trusted. */
export function findingsText(session: Session, findings: unknown): string {
  if (!Array.isArray(findings) || findings.length === 0) return '';
  return `\nto be looked at:\n${renderTable(findingColumns, findings as Row[], session.run.stdout.columns, session.colors.bold)}`;
}

/** Why a discovery failed, in one line. */
export function errorOf(discovery: Row | undefined): string | undefined {
  const error = discovery?.['error'] as Row | null | undefined;
  return error === null || error === undefined ? undefined : printable(`${error['code']}: ${error['message']}`);
}

function discoveryText(session: Session, server: string, data: Row): string {
  const changed = Array.isArray(data['changed']) ? data['changed'] : [];
  return [
    renderFields([
      ['discovery', data['discovery_id']],
      ['state', data['state']],
      ...(errorOf(data) === undefined ? [] : [['error', errorOf(data)] as const]),
      ['tools', data['tools']],
      ['added', data['added']],
      ['changed', data['changed']],
      ['gone', data['gone']],
      ...(changed.length === 0 ? [] : [['next', `aos servers tools ${server}`] as const]),
    ]),
    findingsText(session, data['findings']),
  ].join('');
}

const findingColumns = [
  column('tool', 'tool'),
  column('what', 'kind'),
  column('where', 'field'),
  textColumn('finding', 'message'),
];
