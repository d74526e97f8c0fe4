import type { Candidate, FindingSpan } from './ports';

export interface Redacted {
  readonly text: string;
  readonly changed: boolean;
}

/**
 * Replaces every finding that touches the chunk by `[kind]`. Offsets are those of the document's text, in UTF-16
 * units; a finding that lies across the chunk's edge hides the part that is inside.
 */
export function redact({ text, start }: Pick<Candidate, 'text' | 'start'>, spans: readonly FindingSpan[]): Redacted {
  const inside = spans
    .map(({ kind, start: from, end: to }) => ({
      kind,
      from: Math.max(from - start, 0),
      to: Math.min(to - start, text.length),
    }))
    .filter(({ from, to }) => from < to)
    .sort((a, b) => a.from - b.from || b.to - a.to);
  let result = '';
  let position = 0;
  for (const { kind, from, to } of inside) {
    if (to <= position) continue;
    result += from >= position ? `${text.slice(position, from)}[${kind}]` : '';
    position = to;
  }
  return { text: result + text.slice(position), changed: inside.length > 0 };
}
