import { z } from 'zod';

/**
 * A string of 1 to `max` code points after trimming, as the columns count. NUL and lone surrogates are refused, because the database
 * and canonical JSON (RFC 8785) cannot hold them.
 */
export function text(max: number) {
  return z.string().trim().min(1).max(max).refine(isStorable, notStorable);
}

/** As `text`, but untouched and possibly empty: for content whose white space matters. */
export function rawText(max: number) {
  return z.string().max(max).refine(isStorable, notStorable);
}

export const identifier = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.:-]*$/, 'letters, digits, _ . : - only');

/** An object of JSON all of whose texts, its keys too, the database can hold. */
export function storableObject() {
  return z.record(z.string(), z.json()).refine(isStorableJson, notStorable);
}

/** The beginning of a text; a character that the end would take apart is left out of it. */
export function beginningOf(value: string, max: number): string {
  return value.slice(0, max).replace(/[\ud800-\udbff]$/, '');
}

const notStorable = 'must be well-formed Unicode without NUL';

function isStorableJson(value: unknown): boolean {
  if (typeof value === 'string') return isStorable(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, inner]) => isStorable(key) && isStorableJson(inner));
}

function isStorable(value: string): boolean {
  return !value.includes('\u0000') && value.isWellFormed();
}
