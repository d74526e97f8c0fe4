import { Option, type Command } from 'commander';
import { addListCommand, addWriteCommand } from '../../add-command';
import type { Row } from '../../api-client';
import type { CliRun } from '../../deps';
import { resolvePlane } from '../../resolve-name';
import { action, type Session } from '../../session';
import { column, renderFields, renderTable, type Column } from '../../table';

interface ClassificationOptions {
  readonly limit: number;
  readonly kind?: string;
}

/** `aos planes classification | reclassify` */
export function addClassificationCommands(planes: Command, run: CliRun): void {
  addListCommand(planes, 'classification <plane>', 'why the plane has its level, and which documents it comes from')
    .addOption(new Option('--kind <kind>', 'only documents in which this kind was found'))
    .action(action(run, classification));
  addWriteCommand(planes, 'reclassify <plane>', 'look at every document of the plane again').action(
    action(run, reclassify),
  );
}

async function classification(session: Session, plane: string, { limit, kind }: ClassificationOptions): Promise<void> {
  const id = encodeURIComponent(await resolvePlane(session, plane));
  const explained = await session.api.get(`/planes/${id}/classification`);
  const documents = await session.api.list(`/planes/${id}/classification/documents`, limit, { kind });
  const table = (columns: readonly Column[], rows: unknown) =>
    renderTable(columns, rows as Row[], session.run.stdout.columns, session.colors.bold);
  session.show({ ...explained, documents: documents.items }, () =>
    [
      renderFields(summaryOf(explained)),
      ...[
        { columns: kindColumns, rows: explained['findings'] },
        { columns: categoryColumns, rows: explained['categories'] },
        { columns: documentColumns, rows: documents.items },
      ]
        .filter(({ rows }) => (rows as Row[]).length > 0)
        .map(({ columns, rows }) => table(columns, rows)),
    ].join('\n'),
  );
  if (documents.hasMore) session.note(`${documents.items.length} documents shown, there are more: raise --limit`);
}

async function reclassify(session: Session, plane: string): Promise<void> {
  const id = encodeURIComponent(await resolvePlane(session, plane));
  const data = await session.api.write('POST', `/planes/${id}/reclassify`);
  session.show(data, () => `the documents of ${plane} are looked at again by job ${String(data['job_id'])}\n`);
}

function summaryOf(explained: Row): (readonly [string, unknown])[] {
  const rule = explained['rule'] as Row | null;
  const rules = explained['is_current'] === true ? 'the rules of today' : 'not by the rules of today';
  return [
    ['level', explained['level'] ?? 'not classified yet'],
    [
      'because',
      rule === null ? null : `${String(rule['sentence'])} (rule ${String(rule['order'])}, ${String(rule['id'])})`,
    ],
    ['documents', explained['document_count']],
    ['rules', `version ${String(explained['rules_version'] ?? '-')}, ${rules}`],
    ['classified', explained['classified_at']],
  ];
}

const scores: Column = {
  title: 'scores',
  value: ({ score_min: low, score_max: high }) => (low === high ? high : `${String(low)}–${String(high)}`),
};

const kindColumns = [
  column('kind', 'kind'),
  column('findings', 'findings'),
  column('counted', 'counted'),
  scores,
  column('documents', 'documents'),
];

const categoryColumns: Column[] = [
  column('category', 'category'),
  column('documents', 'documents'),
  { title: 'share', value: ({ share }) => `${Math.round(Number(share) * 100)} %` },
  { title: 'kept', value: ({ kept }) => (kept === true ? 'yes' : 'no') },
];

const documentColumns: Column[] = [
  column('document', 'document_id'),
  column('name', 'name'),
  column('findings', 'findings'),
  column('counted', 'counted'),
  { title: 'strongest', value: ({ kinds }) => strongest(kinds as Row[]) },
];

function strongest(kinds: readonly Row[]): string {
  return kinds
    .slice(0, 3)
    .map(({ kind, findings }) => `${String(kind)} ${String(findings)}`)
    .join(', ');
}
