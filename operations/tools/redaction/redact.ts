import type { JSONValue } from 'json-p3';
import { withinTime } from '../policy/within-time';
import { replaceAt } from './paths';

export const redacted = '[redacted]';
const timeMsMax = 1_000;

/** A copy of a value of JSON without what the paths name; undefined where that cannot be told, or not in time. */
export function redactJson(
  value: unknown,
  paths: readonly string[],
): { readonly value: unknown; readonly replaced: number } | undefined {
  const copy = structuredClone(value) as JSONValue;
  try {
    const replaced = withinTime(() => replaceAt(copy, paths, redacted), timeMsMax);
    return { value: copy, replaced };
  } catch {
    return undefined;
  }
}

interface Block {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface AnsweredResult {
  readonly content: readonly Block[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean;
  readonly _meta?: unknown;
}

export interface RedactedResult {
  readonly result: AnsweredResult;
  /** Places that were replaced. */
  readonly replaced: number;
}

/**
 * What a tool answered, without what the paths name in its structured content and in each text that holds JSON. What no
 * path can look into is replaced as a whole: other text, images, resources. `_meta` goes, and so does what the protocol
 * does not know.
 */
export function redactResult(answered: AnsweredResult, paths: readonly string[]): RedactedResult {
  if (paths.length === 0) return { result: answered, replaced: 0 };
  const { structuredContent, content, isError } = answered;
  const structured = structuredContent === undefined ? undefined : redactJson(structuredContent, paths);
  const blocks = content.map((block) => redactBlock(block, paths));
  const isLost = structuredContent !== undefined && structured === undefined;
  return {
    result: {
      ...(isError !== undefined && { isError }),
      content: blocks.map(({ block }) => block),
      ...(structured !== undefined && { structuredContent: structured.value }),
    },
    replaced: (structured?.replaced ?? 0) + (isLost ? 1 : 0) + blocks.reduce((sum, { replaced }) => sum + replaced, 0),
  };
}

function redactBlock(block: Block, paths: readonly string[]): { readonly block: Block; readonly replaced: number } {
  const whole = { block: { type: 'text', text: redacted }, replaced: 1 };
  if (block.type !== 'text' || typeof block['text'] !== 'string') return whole;
  const parsed = parseObject(block['text']);
  const inner = parsed === undefined ? undefined : redactJson(parsed, paths);
  if (inner === undefined) return whole;
  // As it was read, also where nothing was replaced: of a name that stands there twice only the last was looked at.
  return { block: { type: 'text', text: JSON.stringify(inner.value) }, replaced: inner.replaced };
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
