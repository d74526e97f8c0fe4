import { Option, type Command } from 'commander';
import type { Row } from '../../api-client';
import { addListCommand, addWriteCommand } from '../../add-command';
import type { CliRun } from '../../deps';
import { resolvePlane } from '../../resolve-name';
import { action, type Session } from '../../session';
import { column, type Column } from '../../table';

const statuses = ['pending', 'stored', 'indexed', 'dead_letter', 'deleted'];

/** `aos planes documents | findings | delete-document` */
export function addDocumentCommands(planes: Command, run: CliRun): void {
  addListCommand(planes, 'documents <plane>', 'the documents of a plane, dead letters with their reason')
    .addOption(new Option('--status <status>', 'only those with this status').choices(statuses))
    .action(action(run, documents));
  addListCommand(planes, 'findings <plane>', 'where personal data and secrets were found, never what they are').action(
    action(run, findings),
  );
  addWriteCommand(planes, 'delete-document <plane> <document>', 'delete a document, given by its id').action(
    action(run, deleteDocument),
  );
}

async function documents(session: Session, plane: string, options: { limit: number; status?: string }): Promise<void> {
  const id = encodeURIComponent(await resolvePlane(session, plane));
  const page = await session.api.list(`/planes/${id}/documents`, options.limit, { status: options.status });
  session.showRows(page, documentColumns, 'document');
}

async function findings(session: Session, plane: string, { limit }: { limit: number }): Promise<void> {
  const id = encodeURIComponent(await resolvePlane(session, plane));
  session.showRows(await session.api.list(`/planes/${id}/findings`, limit), findingColumns, 'finding');
}

async function deleteDocument(session: Session, plane: string, document: string): Promise<void> {
  const id = encodeURIComponent(await resolvePlane(session, plane));
  const data = await session.api.write('DELETE', `/planes/${id}/documents/${encodeURIComponent(document)}`);
  session.show(data, () => `document ${document} of ${plane} is being deleted\n`);
}

const deadLetterColumn: Column = {
  title: 'reason',
  value: ({ dead_letter }) => (dead_letter as Row | null | undefined)?.['reason'],
  wraps: true,
};

const documentColumns = [
  column('document', 'document_id'),
  column('name', 'name'),
  column('status', 'status'),
  column('format', 'format'),
  column('bytes', 'bytes'),
  deadLetterColumn,
];

const findingColumns = [
  column('kind', 'kind'),
  column('document', 'document_id'),
  column('start', 'start'),
  column('end', 'end'),
  column('score', 'score'),
  column('rule', 'rule'),
  column('rules', 'rule_version'),
];
