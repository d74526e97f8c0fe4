import type { z } from 'zod';

const fieldLengthMax = 256;
const messageLengthMax = 500;

/** What a payload's schema found wrong. Names of unknown fields are the caller's own text, and evidence stores this. */
export function describeIssue(issue: z.core.$ZodIssue): { readonly field: string; readonly message: string } {
  const isUnknown = issue.code === 'unrecognized_keys';
  const path = ['payload', ...issue.path, ...(isUnknown ? issue.keys.slice(0, 1) : [])].map(String);
  return {
    field: storable(path.join('.'), fieldLengthMax),
    message: storable(isUnknown ? 'there is no such field' : issue.message, messageLengthMax),
  };
}

function storable(text: string, lengthMax: number): string {
  return text
    .slice(0, lengthMax)
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, '\ufffd');
}
