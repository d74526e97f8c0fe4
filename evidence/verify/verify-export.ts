import { ExportEnd, ExportHeader, exportFormat, exportFormatVersion, type Selection } from '../export-format';
import { encodeVerifier, keyId, type Verifier } from '../note';
import { checkCheckpoints, checkConsistency, openCheckpoint } from './check-checkpoints';
import { checkEvent } from './check-event';
import { checkKeys } from './check-keys';
import { checkOrder } from './check-order';
import { checkOutside } from './check-outside';
import { checkTree } from './check-tree';
import { collectFindings, type Finding, type Findings } from './finding';
import { describeIssues } from './issues';
import { checkSelection } from './check-selection';
import { readExport, type BrokenPart } from './read-export';

export type { Check, Finding } from './finding';

export interface VerifyOptions {
  /** Keys that the caller trusts; without any, the file's own keys are believed, and the result says so. */
  readonly keys?: readonly Verifier[];
  /** Signed notes that were kept outside. */
  readonly checkpoints?: readonly string[];
  /** How many findings are kept; all are counted. */
  readonly findingsMax?: number;
}

export interface VerifyResult {
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  readonly findingsTotal: number;
  readonly bytes: number;
  readonly events: number;
  /** Undefined when the file could not be read as far. */
  readonly file: FileSummary | undefined;
}

export interface FileSummary {
  readonly export_id: string;
  readonly tenant_id: string;
  readonly created_at: string;
  readonly selection: Selection;
  readonly coverage: ExportHeader['coverage'];
  readonly tree: ExportHeader['tree'];
  /** Of the newest checkpoint whose signature holds. */
  readonly origin: string | undefined;
  readonly checkpoints: number;
  readonly keys: readonly { readonly key_id: string; readonly verifier: string }[];
  /** False when the keys are the file's own word. */
  readonly is_key_known: boolean;
  /** Checkpoints kept outside that were compared. */
  readonly outside_checkpoints: number;
}

const findingsMaxDefault = 100;

/** Checks an export from its bytes alone. Everything that is wrong is a finding; nothing about the content is thrown. */
export async function verifyExport(
  chunks: AsyncIterable<Uint8Array>,
  { keys = [], checkpoints = [], findingsMax = findingsMaxDefault }: VerifyOptions = {},
): Promise<VerifyResult> {
  const findings = collectFindings(findingsMax);
  const counted = countBytes(chunks);
  let checks: Checks | undefined;
  let [line, hasEnd] = [0, false];
  for await (const part of readExport(counted.chunks)) {
    switch (part.kind) {
      case 'header':
        checks = beginChecks(part.value, { keys, checkpoints }, findings);
        break;
      case 'events':
        if (checks !== undefined) for (const value of part.values) checks.add(value);
        break;
      case 'end':
        hasEnd = true;
        checks?.finish(part.value);
        break;
      case 'broken':
        line = part.line ?? 0;
        findings.add(brokenFinding(part, checks?.lastIndex));
        break;
    }
    if (part.kind === 'header' && checks === undefined) break;
  }
  if (checks !== undefined && !hasEnd) checks.finish(undefined);
  if (checks === undefined && findings.total === 0) {
    findings.add({ check: 'truncated', message: 'the file is empty', line: line + 1 });
  }
  return {
    ok: findings.total === 0,
    findings: findings.list,
    findingsTotal: findings.total,
    bytes: counted.bytes(),
    events: checks?.events() ?? 0,
    file: checks?.summary,
  };
}

interface Checks {
  add(value: unknown): void;
  finish(end: unknown): void;
  events(): number;
  readonly lastIndex: number | undefined;
  readonly summary: FileSummary;
}

function beginChecks(
  value: unknown,
  { keys: known, checkpoints: notes }: { keys: readonly Verifier[]; checkpoints: readonly string[] },
  findings: Findings,
): Checks | undefined {
  const header = readHeader(value, findings);
  if (header === undefined) return undefined;
  if (header.unsealed !== null) {
    const { events, reason } = header.unsealed;
    const message = `the store sealed no further when it found its tree changed (${reason}); ${events} committed events are not in the file`;
    findings.add({ check: 'unsealed', field: 'unsealed', message });
  }
  const { keys, isTrusted } = checkKeys(header, known, findings);
  const signed = checkCheckpoints(header, keys, findings);
  const outside = notes.flatMap((note) => openCheckpoint(note, keys, 'your checkpoint', findings) ?? []);
  const selection = checkSelection(header, findings);
  const order = checkOrder(header, findings);
  const tree = checkTree(
    {
      tree: header.tree,
      milestones: signed,
      sizes: outside.map(({ size }) => size),
      isComplete: () => order.isComplete,
    },
    findings,
  );
  let lastIndex: number | undefined;
  return {
    summary: {
      export_id: header.export_id,
      tenant_id: header.tenant_id,
      created_at: header.created_at,
      selection: header.selection,
      coverage: header.coverage,
      tree: header.tree,
      origin: signed.at(-1)?.origin,
      checkpoints: signed.length,
      keys: keys.map((key) => ({ key_id: keyId(key.name, key.publicKey), verifier: encodeVerifier(key) })),
      is_key_known: isTrusted,
      outside_checkpoints: outside.length,
    },
    events: () => order.events,
    get lastIndex() {
      return lastIndex;
    },
    add(each) {
      const checked = checkEvent(each, header.tenant_id, findings);
      if (checked === undefined) return;
      selection.add(checked);
      order.add(checked.event);
      tree.add(checked.event, checked.leaf);
      lastIndex = checked.event.index;
    },
    finish(each) {
      const end = ExportEnd.safeParse(each);
      if (end.success) {
        selection.finish();
        order.finish(end.data);
        tree.finish(end.data);
      } else if (each !== undefined) {
        findings.add({ check: 'format', field: 'end', message: `the end of the file: ${describeIssues(end.error)}` });
      }
      if (tree.isSound()) checkConsistency(signed, header, tree.rootsSeen, findings);
      for (const checkpoint of outside) checkOutside(checkpoint, header, tree.rootsSeen, findings);
    },
  };
}

function readHeader(value: unknown, findings: Findings): ExportHeader | undefined {
  const { format, format_version: version } = (value ?? {}) as Record<string, unknown>;
  if (format !== exportFormat) {
    findings.add({ check: 'format', field: 'format', message: `this is not an export of evidence (${exportFormat})` });
    return undefined;
  }
  if (version !== exportFormatVersion) {
    const said = typeof version === 'number' ? version : 'that is no number';
    const message = `the format has version ${said}; this program knows version ${exportFormatVersion}`;
    findings.add({ check: 'format', field: 'format_version', message });
    return undefined;
  }
  const header = ExportHeader.safeParse(value);
  if (header.success) return header.data;
  findings.add({ check: 'format', message: `the head of the file: ${describeIssues(header.error)}`, line: 1 });
  return undefined;
}

function brokenFinding({ check, line, message }: BrokenPart, lastIndex: number | undefined): Finding {
  const where = lastIndex === undefined ? '' : `; the last event before it is leaf ${lastIndex}`;
  return {
    check,
    message: line === undefined ? message : `line ${line} ${message}${where}`,
    ...(line !== undefined && { line }),
    ...(lastIndex !== undefined && { index: lastIndex }),
  };
}

function countBytes(chunks: AsyncIterable<Uint8Array>) {
  let bytes = 0;
  async function* counting(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      bytes += chunk.byteLength;
      yield chunk;
    }
  }
  return { chunks: counting(), bytes: () => bytes };
}
