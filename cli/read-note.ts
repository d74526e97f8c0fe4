import { usageFailure } from './failures';
import { readText } from './read-input';

/** A signed note: given itself, in a file, or as the JSON in which the API answers with one. */
export function readNote(given: string, cwd: string): string {
  const text = given.includes('\n') ? given : readText(given, cwd);
  if (!text.startsWith('{')) return text;
  try {
    const value = JSON.parse(text) as { note?: unknown; checkpoint?: unknown };
    const note = value.note ?? value.checkpoint;
    if (typeof note === 'string') return note;
  } catch {
    // Said below.
  }
  throw usageFailure(`${given} holds no checkpoint`);
}
