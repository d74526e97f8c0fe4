import { z } from 'zod';

/** A place in the order in which events become final: transactions by their ids, events of one by their ordinals. */
export interface StreamPosition {
  readonly xact: bigint;
  readonly ordinal: bigint;
}

const form = /^(\d{1,20})-(\d{1,19})$/;
const xactMax = 18_446_744_073_709_551_615n;
const ordinalMax = 9_223_372_036_854_775_807n;

/** As it stands in the `id` of a streamed event. `0` is before everything. */
export const StreamPositionText = z.union([
  z.literal('0'),
  z
    .string()
    .regex(form)
    .refine((text) => {
      const { xact, ordinal } = parsePosition(text);
      return xact <= xactMax && ordinal <= ordinalMax;
    }),
]);

export function parsePosition(text: string): StreamPosition {
  const [, xact = '0', ordinal = '0'] = form.exec(text) ?? [];
  return { xact: BigInt(xact), ordinal: BigInt(ordinal) };
}

export function formatPosition({ xact, ordinal }: StreamPosition): string {
  return `${xact}-${ordinal}`;
}

export function isBefore(a: StreamPosition, b: StreamPosition): boolean {
  return a.xact < b.xact || (a.xact === b.xact && a.ordinal < b.ordinal);
}
