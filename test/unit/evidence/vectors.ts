import { readFileSync } from 'node:fs';
import path from 'node:path';
import { appendLeaves, emptyEdge } from '../../../evidence/merkle/edge';
import { leafHash } from '../../../evidence/merkle/hash';
import type { ReadNode } from '../../../evidence/merkle/proofs';

interface Inclusion {
  readonly index: number;
  readonly size: number;
  readonly proof: readonly string[];
}
interface Consistency {
  readonly first: number;
  readonly second: number;
  readonly proof: readonly string[];
}

/** Published vectors, each with its source. */
export const vectors = JSON.parse(readFileSync(path.join(__dirname, 'vectors.json'), 'utf8')) as {
  rfc6962: {
    nodes: Record<string, string[]>;
    inclusion: { index: number; proof: string[] }[];
    consistency: Consistency[];
  };
  merkle: { inputs: string[]; nodes: string[][]; roots: string[]; inclusion: Inclusion[]; consistency: Consistency[] };
  tlog: {
    seed: number;
    inputs: string[];
    roots: Record<string, string>;
    inclusion: Inclusion[];
    consistency: Consistency[];
  };
  argon: {
    size: number;
    root: string;
    leaf: string;
    index: number;
    inclusion: string[];
    first: number;
    firstRoot: string;
    consistency: string[];
  };
  note: {
    signer: string;
    verifier: string;
    text: string;
    note: string;
    badVerifiers: string[];
    second: { verifier: string; signature: string };
  };
  checkpoint: { text: string; origin: string; size: number; leaf: string; bad: string[] };
};

export const hex = (text: string) => Buffer.from(text, 'hex');

/** A tree in memory, made by the code under test. */
export function growTree(inputs: readonly Uint8Array[]) {
  const nodes = new Map<string, Buffer>();
  const edge = appendLeaves(emptyEdge, inputs.map(leafHash), (level, index, hash) => {
    nodes.set(`${level}/${index}`, hash);
  });
  const readNode: ReadNode = async (level, index) => {
    const found = nodes.get(`${level}/${index}`);
    if (found === undefined) throw new RangeError(`there is no node ${level}/${index}`);
    return found;
  };
  return { edge, nodes, readNode };
}
