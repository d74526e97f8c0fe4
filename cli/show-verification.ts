import type { createColors } from 'picocolors';
import type { FileSummary, Finding, VerifyResult } from '../evidence/verify/verify-export';
import { counted, printable } from './text';

type Colors = ReturnType<typeof createColors>;

/** What a person reads after `aos verify`: the verdict, what was looked at, and each finding with its place. */
export function renderVerification(result: VerifyResult, name: string, { bold, green, red, yellow }: Colors): string {
  const verdict = result.ok
    ? green(bold('verified'))
    : red(bold(`NOT VERIFIED: ${counted(result.findingsTotal, 'finding')}`));
  const lines = [`${verdict}  ${printable(name)}`, ...describeFile(result, yellow)];
  if (!result.ok) lines.push('', ...result.findings.map((finding) => red(describeFinding(finding))));
  const more = result.findingsTotal - result.findings.length;
  if (more > 0) lines.push(`… and ${more} more`);
  return `${lines.join('\n')}\n`;
}

function describeFile({ file, events, bytes }: VerifyResult, warn: (text: string) => string): string[] {
  if (file === undefined) return [];
  const { tree, selection } = file;
  const keys = file.keys.map(({ verifier }) => printable(verifier)).join(', ');
  const trust = file.is_key_known ? 'one of the keys you gave' : warn("the file's own word: compare it with --key");
  return [
    row('export', `${printable(file.export_id)} of ${printable(file.tenant_id)}, made ${printable(file.created_at)}`),
    row('asked for', Object.values(selection).map(printable).join(' ')),
    row('events', `${events} (${bytes} bytes), ${describeCoverage(file)}`),
    row('tree', `${tree.size} leaves, root ${printable(tree.root)}`),
    row(
      'checkpoints',
      `${file.checkpoints} with good signatures${file.origin === undefined ? '' : `, of ${printable(file.origin)}`}`,
    ),
    row('key', `${keys === '' ? 'none' : keys} (${trust})`),
    ...(file.outside_checkpoints > 0
      ? [row('kept outside', `${counted(file.outside_checkpoints, 'checkpoint')} compared`)]
      : []),
  ];
}

function describeCoverage({ coverage, selection }: FileSummary): string {
  if (coverage.type !== 'range') return 'as chosen when the file was made; that none was left out is not shown';
  const limit = selection.type === 'period' ? '; that the period has no others is not shown' : '';
  return `every leaf from ${coverage.from} up to ${coverage.to}${limit}`;
}

function row(label: string, text: string): string {
  return `  ${label.padEnd(13)}${text}`;
}

function describeFinding({ check, message, index, event_id: eventId, field, line }: Finding): string {
  const place = [
    ...(index === undefined ? [] : [`leaf ${index}`]),
    ...(eventId === undefined ? [] : [`event ${printable(eventId)}`]),
    ...(field === undefined ? [] : [printable(field)]),
    ...(line === undefined || index !== undefined ? [] : [`line ${line}`]),
  ];
  return `  ${check}${place.length === 0 ? '' : ` at ${place.join(', ')}`}: ${printable(message)}`;
}
