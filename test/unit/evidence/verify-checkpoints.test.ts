import { encodeVerifier, parseVerifier } from '../../../evidence/note';
import type { VerifyOptions } from '../../../evidence/verify/verify-export';
import { makeFile, makeSigner, makeTree, type EvidenceFile } from '../../support/evidence-file';
import { found, signer, some, tree, verify, whole } from './verified-files';

describe('checkpoints and keys', () => {
  const checks = async (file: EvidenceFile, options?: VerifyOptions) =>
    (await found(file, options)).map(({ check }) => check);

  test('a changed or foreign signature is found', async () => {
    const file = await whole();
    file.header.checkpoints[1] = (file.header.checkpoints[1] as string).replace('\n16\n', '\n15\n');
    expect(await checks(file)).toEqual(['signature']);
    const other = await whole();
    other.header.checkpoints[3] = tree.checkpoint(37, makeSigner());
    expect(await checks(other)).toEqual(['unknown_key', 'checkpoint']);
    const foreign = makeSigner('aos/elsewhere');
    expect(await checks(await makeFile({ tree, size: 37, signers: [foreign] }))).toEqual(['checkpoint']);
  });

  test('a file signed anew by somebody else is found by the key that one knows', async () => {
    const forged = await makeFile({ tree: makeTree(37, { payloadBytes: 3 }), size: 37, signers: [makeSigner()] });
    expect(await checks(forged)).toEqual([]);
    expect(await checks(forged, { keys: [signer] })).toContain('unknown_key');
  });

  test('keys that follow on each other are known by any of them; others break the chain', async () => {
    const [first, second, third] = [makeSigner(), makeSigner(), makeSigner()] as const;
    const file = await makeFile({ tree, size: 37, signers: [first, second, third] });
    for (const key of [first, second, third]) {
      expect(await verify(file, { keys: [parseVerifier(encodeVerifier(key))] })).toMatchObject({ ok: true });
    }
    const skipped = structuredClone(file);
    skipped.header.public_keys.splice(1, 1);
    expect(await checks(skipped)).toEqual(['key_chain', 'unknown_key']);
    const alone = await makeFile({ tree, size: 37, signers: [third] });
    const joined = structuredClone(file);
    joined.header.public_keys.splice(1, 2, ...alone.header.public_keys);
    expect(await checks(joined)).toContain('key_chain');
  });

  test('a rewritten history does not fit an earlier checkpoint', async () => {
    const other = makeTree(40, { payloadBytes: 1 });
    const rewritten = async (indexes?: number[]) => {
      const coverage = indexes === undefined ? {} : { indexes, coverage: { type: 'selected' } as const };
      const file = await makeFile({ tree: other, size: 37, signers: [signer], ...coverage });
      file.header.checkpoints.unshift(tree.checkpoint(16, signer));
      file.header.consistency.push({ size: 16, proof: await other.proof(16, 37) });
      return file;
    };
    expect(await checks(await rewritten())).toEqual(['tree']);
    expect(await checks(await rewritten([30]))).toEqual(['consistency']);
    const without = await rewritten([30]);
    without.header.consistency = [];
    expect(await checks(without)).toEqual(['checkpoint']);
  });

  test('the tree, tenant and order of checkpoints are checked', async () => {
    const file = await whole();
    file.header.tree = { size: 38, root: tree.root(38).toString('hex') };
    expect(await checks(file)).toContain('checkpoint');
    const foreign = await whole();
    foreign.header.checkpoints[3] = tree.checkpoint(37, signer, { tenantId: 'ten_other' });
    expect(await checks(foreign)).toContain('checkpoint');
    const shuffled = await whole();
    shuffled.header.checkpoints.reverse();
    expect(await checks(shuffled)).toContain('checkpoint');
    const bare = await whole();
    bare.header.checkpoints = [];
    expect(await checks(bare)).toEqual(['checkpoint']);
    const back = await whole();
    back.header.checkpoints[0] = tree.checkpoint(5, signer, { epoch: 2 });
    expect(await checks(back)).toContain('checkpoint');
  });

  test('a checkpoint kept outside shows what was cut off or rewritten since', async () => {
    const outside = (size: number, from = tree, by = signer) => ({ checkpoints: [from.checkpoint(size, by)] });
    for (const size of [0, 1, 5, 20, 37]) expect(await checks(await whole(), outside(size))).toEqual([]);
    expect(await checks(await whole(), outside(38))).toEqual(['outside_checkpoint']);
    const rewrittenTree = makeTree(40, { payloadBytes: 1 });
    const forged = await makeFile({ tree: rewrittenTree, size: 37, signers: [signer] });
    expect(await checks(forged, outside(20))).toEqual(['outside_checkpoint']);
    expect(await checks(forged, outside(37))).toEqual(['outside_checkpoint']);
    expect(await checks(await whole(), outside(20, tree, makeSigner()))).toEqual(['unknown_key']);
    expect(await checks(await whole(), { checkpoints: ['nonsense'] })).toEqual(['checkpoint']);
    const file = await some();
    expect(await checks(file, outside(12))).toEqual(['outside_checkpoint']);
    file.header.consistency.push({ size: 12, proof: await tree.proof(12, 37) });
    expect(await checks(file, outside(12))).toEqual([]);
    expect(await checks(file, outside(12, rewrittenTree))).toEqual(['outside_checkpoint']);
  });
});
