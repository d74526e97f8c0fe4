import fc from 'fast-check';
import { appendLeaf, appendLeaves, emptyEdge, rootOf } from '../../../evidence/merkle/edge';
import { emptyRoot, leafHash, nodeHash } from '../../../evidence/merkle/hash';
import { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from '../../../evidence/merkle/proofs';
import { nodeInTile, tileOf } from '../../../evidence/merkle/tiles';
import { growTree, hex, vectors } from './vectors';

const { rfc6962, merkle, tlog } = vectors;
const published = { ...merkle, name: 'merkle', inputs: merkle.inputs.map(hex) };
const generated = { ...tlog, name: 'tlog', inputs: tlog.inputs.map(hex) };
const rootAt = (roots: Record<number, string> | readonly string[], size: number) =>
  hex((roots as Record<number, string>)[size] as string);

test('the tree of RFC 6962 §2.1.3 has the nodes and proofs that are drawn there', async () => {
  const inputs = Array.from({ length: 7 }, (_, at) => Buffer.from(`d${at}`));
  const value = (name: string): Buffer => {
    const [left = '', right] = rfc6962.nodes[name] ?? [];
    return right === undefined ? leafHash(Buffer.from(left)) : nodeHash(value(left), value(right));
  };
  const { edge, readNode } = growTree(inputs);
  expect(rootOf(edge)).toEqual(value('hash'));
  for (const { index, proof } of rfc6962.inclusion) {
    expect(await inclusionProof(index, 7, readNode)).toEqual(proof.map(value));
  }
  for (const { first, second, proof } of rfc6962.consistency) {
    expect(await consistencyProof(first, second, readNode)).toEqual(proof.map(value));
  }
});

test('nodes and roots are those of the reference tree', () => {
  const { nodes } = growTree(published.inputs);
  merkle.nodes.forEach((level, at) =>
    level.forEach((node, index) => expect(nodes.get(`${at}/${index}`)?.toString('hex')).toBe(node)),
  );
  expect(emptyRoot.toString('hex')).toBe(merkle.roots[0]);
  let edge = emptyEdge;
  published.inputs.forEach((input, at) => {
    edge = appendLeaf(edge, leafHash(input));
    expect(rootOf(edge).toString('hex')).toBe(merkle.roots[at + 1]);
  });
});

describe.each([published, generated])('the proofs of $name', ({ inputs, roots, inclusion, consistency }) => {
  const { readNode } = growTree(inputs);

  test('are made here as they are made there, and hold', async () => {
    for (const { index, size, proof } of inclusion) {
      const made = await inclusionProof(index, size, readNode);
      expect(made.map((each) => each.toString('hex'))).toEqual(proof);
      const claim = { leafHash: leafHash(inputs[index] as Buffer), index, size, root: rootAt(roots, size) };
      expect(verifyInclusion({ ...claim, proof: made })).toBe(true);
    }
    for (const { first, second, proof } of consistency) {
      const made = await consistencyProof(first, second, readNode);
      expect(made.map((each) => each.toString('hex'))).toEqual(proof);
      const claim = { first, second, firstRoot: rootAt(roots, first), secondRoot: rootAt(roots, second) };
      expect(verifyConsistency({ ...claim, proof: made })).toBe(true);
    }
  });

  test('do not hold when anything about them is changed', () => {
    for (const { index, size, proof: text } of inclusion) {
      const proof = text.map(hex);
      const claim = { leafHash: leafHash(inputs[index] as Buffer), index, size, proof, root: rootAt(roots, size) };
      const wrong = [
        ...[index - 1, index + 1, index ^ 2].map((other) => ({ ...claim, index: other })),
        ...(size > 1 ? [size * 2, Math.floor(size / 2)] : []).map((other) => ({ ...claim, size: other })),
        { ...claim, leafHash: leafHash(Buffer.from('another')) },
        { ...claim, leafHash: Buffer.from('short') },
        { ...claim, root: emptyRoot },
        ...changedPaths(proof, claim.root).map((other) => ({ ...claim, proof: other })),
      ];
      for (const each of wrong) expect(verifyInclusion(each)).toBe(false);
    }
    for (const { first, second, proof: text } of consistency.filter((each) => each.proof.length > 0)) {
      const proof = text.map(hex);
      const [firstRoot, secondRoot] = [rootAt(roots, first), rootAt(roots, second)];
      const claim = { first, second, firstRoot, secondRoot, proof };
      const wrong = [
        ...[first - 1, first + 1, first ^ 2].map((other) => ({ ...claim, first: other })),
        ...[second * 2, Math.floor(second / 2)].map((other) => ({ ...claim, second: other })),
        { ...claim, firstRoot: secondRoot, secondRoot: firstRoot },
        { ...claim, firstRoot: Buffer.from('short') },
        { ...claim, proof: [] },
        ...changedPaths(proof, secondRoot).map((other) => ({ ...claim, proof: other })),
      ];
      for (const each of wrong) expect(verifyConsistency(each)).toBe(false);
    }
  });
});

function changedPaths(proof: readonly Buffer[], other: Buffer): Buffer[][] {
  const flipped = proof.map((node, at) => {
    const copy = Buffer.from(node);
    copy[0] = (copy[0] as number) ^ 8;
    return proof.with(at, copy);
  });
  const longer = [
    [...proof, other],
    [other, ...proof],
    [...proof, Buffer.alloc(0)],
  ];
  return [...flipped, ...longer, ...(proof.length > 0 ? [proof.slice(0, -1)] : [])];
}

test('the proofs of a log of Certificate Transparency hold', () => {
  const { argon } = vectors;
  const bytes = (text: string) => Buffer.from(text, 'base64');
  const root = bytes(argon.root);
  const included = {
    leafHash: leafHash(bytes(argon.leaf)),
    index: argon.index,
    size: argon.size,
    root,
    proof: argon.inclusion.map(bytes),
  };
  expect(verifyInclusion(included)).toBe(true);
  expect(verifyInclusion({ ...included, index: argon.index + 1 })).toBe(false);
  const begins = {
    first: argon.first,
    second: argon.size,
    firstRoot: bytes(argon.firstRoot),
    secondRoot: root,
    proof: argon.consistency.map(bytes),
  };
  expect(verifyConsistency(begins)).toBe(true);
  expect(verifyConsistency({ ...begins, first: argon.first + 1 })).toBe(false);
});

test('an edge grows to the same tree whatever the batches', () => {
  const leaves = fc.array(fc.uint8Array({ maxLength: 4 }), { maxLength: 80 });
  fc.assert(
    fc.property(leaves, fc.nat(80), (inputs, at) => {
      const hashes = inputs.map(leafHash);
      const [one, other] = [hashes.slice(0, at), hashes.slice(at)];
      expect(appendLeaves(appendLeaves(emptyEdge, one), other)).toEqual(appendLeaves(emptyEdge, hashes));
    }),
  );
});

test('a node is found in the tile that holds it, at every level', () => {
  const inputs = Array.from({ length: 256 * 3 }, (_, at) => Buffer.from(String(at)));
  const { nodes } = growTree(inputs);
  for (const [key, hash] of nodes) {
    const [level = 0, index = 0] = key.split('/').map(Number);
    const place = tileOf(level, index);
    const width = Math.min(256, Math.floor(inputs.length / 256 ** place.tileLevel) - place.tileIndex * 256);
    const tile = Buffer.concat(
      Array.from(
        { length: width },
        (_, at) => nodes.get(`${place.tileLevel * 8}/${place.tileIndex * 256 + at}`) as Buffer,
      ),
    );
    expect(nodeInTile(tile, place)).toEqual(hash);
    expect(() => nodeInTile(tile.subarray(0, (place.first + place.count) * 32 - 1), place)).toThrow(RangeError);
  }
});

test('sizes beyond 32 bits are counted right', () => {
  const size = 2 ** 40 + 1;
  const root = nodeHash(leafHash(Buffer.from('left')), leafHash(Buffer.from('right')));
  const claim = { leafHash: leafHash(Buffer.from('right')), index: size - 1, size, root };
  expect(verifyInclusion({ ...claim, proof: [leafHash(Buffer.from('left'))] })).toBe(true);
  expect(tileOf(0, 2 ** 40)).toEqual({ tileLevel: 0, tileIndex: 2 ** 32, first: 0, count: 1 });
});

test('there is no proof of what is not there', async () => {
  const { readNode } = growTree(published.inputs);
  await expect(inclusionProof(8, 8, readNode)).rejects.toThrow(RangeError);
  await expect(inclusionProof(-1, 8, readNode)).rejects.toThrow(RangeError);
  await expect(consistencyProof(9, 8, readNode)).rejects.toThrow(RangeError);
});
