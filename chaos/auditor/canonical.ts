import { createHash } from 'node:crypto';

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Canonical JSON (RFC 8785): members by the UTF-16 code units of their names, scalars as ECMAScript writes them. */
export function canonical(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each as Json)}`).join(',')}}`;
}

/** SHA-256 in hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

export const digest = (value: Json): string => sha256(canonical(value));
