import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { freezeContext } from '../../../contracts/execution-context';
import { auditRows, prepareEvent } from '../../../operations/transaction/audit';

const text = fc.string({ unit: 'binary' });
// Zod drops this name, as it should.
const name = text.filter((each) => each !== '__proto__');
const scopes = fc.record({ action: text, actor: text, stepIndex: fc.nat() }, { requiredKeys: ['action', 'actor'] });
const entries = fc.record(
  {
    planeId: text,
    jobId: text,
    policyId: text,
    error: fc.record({ code: text, message: text }),
    evidence: fc.record({
      operation: text,
      code: text,
      reason: fc.option(text),
      details: fc.dictionary(name, fc.jsonValue(), { maxKeys: 12 }),
    }),
  },
  { requiredKeys: ['evidence'] },
);
const common = { tenantId: 'tenant', requestId: 'request', traceId: 'trace', runId: 'run', source: 'sdk' } as const;

test('the bytes of an event are the canonical form of its columns and evidence, and both hashes are theirs', () => {
  fc.assert(
    fc.property(scopes, entries, ({ action, actor, ...step }, said) => {
      const context = freezeContext({ ...common, ...step, actor: { id: actor, type: 'machine', keyId: 'key_1' } });
      const event = prepareEvent({ type: 'OperationRefused', outcome: 'blocked', ...said });
      const [{ payload_bytes: bytes, integrity_hash, leaf_hash, evidence: _, ...columns }] = rowsOf(
        auditRows({ context, action }, [event]),
      );
      const expected = Buffer.from(canonicalize({ ...columns, evidence: said.evidence }) ?? '');
      expect(bytes.toString()).toBe(expected.toString());
      expect(integrity_hash).toBe(sha256(bytes).toString('hex'));
      expect(leaf_hash.equals(sha256(Buffer.concat([Buffer.of(0), bytes])))).toBe(true);
    }),
  );
});

function rowsOf<T>(rows: readonly T[]): [T] {
  expect(rows).toHaveLength(1);
  return [...rows] as [T];
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
