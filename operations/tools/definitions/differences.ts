import { beginningOf } from '../../../contracts/text';
import type { ToolDefinition } from '../../../contracts/tools';
import { canonicalJson } from '../../transaction/canonical';

export interface Difference {
  /** JSON pointer (RFC 6901) into the definition, or the beginning of a long one. */
  readonly field: string;
  /** Canonical JSON, cut at 2,000 characters; absent where the field was added or removed. */
  readonly from?: string;
  readonly to?: string;
}

const differencesMax = 100;
const shownMax = 2_000;
const fieldMax = 500;

/** What changed between two definitions, field by field, in a stable order. */
export function differencesOf(from: ToolDefinition, to: ToolDefinition): Difference[] {
  const found: Difference[] = [];
  compare('', from, to, found);
  return found;
}

function compare(field: string, from: unknown, to: unknown, found: Difference[]): void {
  if (found.length >= differencesMax) return;
  if (isObject(from) && isObject(to)) {
    for (const key of [...new Set([...Object.keys(from), ...Object.keys(to)])].sort()) {
      const escaped = key.replaceAll('~', '~0').replaceAll('/', '~1');
      compare(`${field}/${escaped}`, ownValue(from, key), ownValue(to, key), found);
    }
    return;
  }
  const [before, after] = [shown(from), shown(to)];
  if (before === after) return;
  found.push({
    field: beginningOf(field, fieldMax),
    ...(before === undefined ? {} : { from: beginningOf(before, shownMax) }),
    ...(after === undefined ? {} : { to: beginningOf(after, shownMax) }),
  });
}

function shown(value: unknown): string | undefined {
  return value === undefined ? undefined : canonicalJson(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function ownValue(value: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}
