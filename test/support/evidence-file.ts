import { generateKeyPairSync, hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { ExportEvent, ExportHeader } from '../../evidence/export-format';
import { writeKeyRecord } from '../../evidence/key-record';
import { appendLeaves, emptyEdge, rootOf, type TreeEdge } from '../../evidence/merkle/edge';
import { leafHash } from '../../evidence/merkle/hash';
import { consistencyProof } from '../../evidence/merkle/proofs';
import { perfectNodes } from '../../evidence/merkle/subtrees';
import { checkpointText, encodeVerifier, originOf, rawPublicKey, signNote, type Signer } from '../../evidence/note';

export const installation = 'inst';
export const tenant = 'ten_acme';
/** Of every event. */
export const runId = 'req-000000000001';
/** Events of these trees are a second apart. */
export const timeOf = (index: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, index)).toISOString();

export function makeSigner(name = `aos/${installation}`): Signer {
  const { privateKey } = generateKeyPairSync('ed25519');
  return { name, privateKey, publicKey: rawPublicKey(privateKey) };
}

/** A tree of events in memory, and exports of it: what the API would write, made by other code. */
export function makeTree(
  count: number,
  { payloadBytes = 0 }: { payloadBytes?: number | ((index: number) => number) } = {},
) {
  const fillerLength = typeof payloadBytes === 'number' ? () => payloadBytes : payloadBytes;
  const nodes = new Map<string, Buffer>();
  let edge: TreeEdge = emptyEdge;
  const roots: Buffer[] = [rootOf(edge)];
  const events: ExportEvent[] = [];
  for (let index = 0; index < count; index += 1) {
    const bytes = Buffer.from(
      canonicalize({
        event_id: `evt_${String(index).padStart(6, '0')}`,
        tenant_id: tenant,
        event_type: 'PlaneRegistered',
        outcome: 'success',
        run_id: runId,
        occurred_at: timeOf(index),
        evidence: { name: `plane ${index}`, filler: 'x'.repeat(fillerLength(index)) },
      }) as string,
    );
    const leaf = leafHash(bytes);
    edge = appendLeaves(edge, [leaf], (level, at, node) => nodes.set(`${level}/${at}`, node));
    roots.push(rootOf(edge));
    events.push({
      index,
      event_id: `evt_${String(index).padStart(6, '0')}`,
      integrity_hash: hash('sha256', bytes),
      previous_hash: events[index - 1]?.integrity_hash ?? null,
      leaf_hash: leaf.toString('hex'),
      bytes: bytes.toString('base64'),
    });
  }
  const node = (level: number, index: number) => nodes.get(`${level}/${index}`) as Buffer;
  const gap = (from: number, to: number) => perfectNodes(from, to).map((each) => node(...each).toString('hex'));
  const root = (size: number) => roots[size] as Buffer;

  return {
    events,
    root,
    /** A checkpoint of the first `size` leaves. */
    checkpoint: (size: number, signer: Signer, { epoch = 1, tenantId = tenant } = {}) =>
      signNote(checkpointText({ origin: originOf(installation, tenantId, epoch), size, root: root(size) }), signer),
    proof: async (from: number, to: number) =>
      (await consistencyProof(from, to, async (level, index) => node(level, index))).map((each) =>
        each.toString('hex'),
      ),
    /** The events of these indexes, with the hashes that stand for those between them. */
    select(indexes: readonly number[], size: number): { events: ExportEvent[]; after: string[] } {
      let next = 0;
      const selected = indexes.map((index) => {
        const before = gap(next, index);
        next = index + 1;
        return { ...(events[index] as ExportEvent), ...(before.length > 0 && { before }) };
      });
      return { events: selected, after: gap(next, size) };
    },
  };
}

export type EvidenceTree = ReturnType<typeof makeTree>;

export interface EvidenceFile {
  header: ExportHeader;
  events: ExportEvent[];
  end: { events: number; after: string[] };
}

export interface FileInput {
  readonly tree: EvidenceTree;
  readonly size: number;
  readonly indexes?: readonly number[];
  readonly coverage?: ExportHeader['coverage'];
  /** Oldest first; the last signs. */
  readonly signers: readonly Signer[];
  /** Sizes of earlier checkpoints. */
  readonly earlier?: readonly number[];
}

export async function makeFile({ tree, size, signers, earlier = [], ...input }: FileInput): Promise<EvidenceFile> {
  const indexes = input.indexes ?? Array.from({ length: size }, (_, index) => index);
  const { events, after } = tree.select(indexes, size);
  const signer = signers.at(-1) as Signer;
  return {
    header: {
      format: 'aos.evidence',
      format_version: 1,
      export_id: 'exp_1',
      tenant_id: tenant,
      created_at: '2026-01-01T00:00:00.000Z',
      ...{ selection: selectionOf(input.coverage), coverage: input.coverage ?? { type: 'range', from: 0, to: size } },
      tree: { size, root: tree.root(size).toString('hex') },
      unsealed: null,
      public_keys: signers.map((each, at) => ({
        verifier: encodeVerifier(each),
        record: writeKeyRecord(each, signers[at - 1]),
      })),
      checkpoints: [...earlier, size].map((each) => tree.checkpoint(each, signer)),
      consistency: await Promise.all(
        earlier.map(async (each) => ({ size: each, proof: await tree.proof(each, size) })),
      ),
    },
    events,
    end: { events: events.length, after },
  };
}

function selectionOf(coverage: ExportHeader['coverage'] | undefined): ExportHeader['selection'] {
  if (coverage === undefined) return { type: 'all' };
  if (coverage.type === 'selected') return { type: 'run', run_id: runId };
  return { type: 'period', from: timeOf(coverage.from), to: timeOf(coverage.to) };
}

/** The file as the API writes it. */
export function fileText({ header, events, end }: EvidenceFile): string {
  const lines = events.map((event) => `\n${JSON.stringify(event)}`).join(',');
  return `${JSON.stringify(header).slice(0, -1)},"events":[${lines}\n],"end":${JSON.stringify(end)}}\n`;
}

export async function* chunksOf(text: string | Buffer, size = 4_096): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text as string);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
