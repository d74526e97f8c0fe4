import { z } from 'zod';

export const pageSizeDefault = 100;
export const pageSizeMax = 1000;

/** The query members of every list. */
export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(pageSizeMax).default(pageSizeDefault),
  cursor: z.string().min(1).max(2048).optional(),
});

export const Time = z.iso.datetime();
export const NullableTime = Time.nullable();

// The database holds other years too, but no event of ours, and it refuses some that a date can have.
const yearMin = 1970;
const yearMax = 9999;

/** A moment given by the caller, as a bound of a search. */
export const Moment = z.iso.datetime({ offset: true }).refine((value) => {
  const year = new Date(value).getUTCFullYear();
  return year >= yearMin && year <= yearMax;
}, `a year from ${yearMin} to ${yearMax}`);

/** Keys that order a list, as they stand in a cursor. */
export const TimeKey = z.tuple([Time, z.string().max(128)]);
export type TimeKey = z.infer<typeof TimeKey>;

/** A 64-bit counter in decimal, since JSON numbers are too narrow for it. */
export const CounterKey = z
  .string()
  .regex(/^\d{1,19}$/)
  .refine((value) => BigInt(value) <= 9_223_372_036_854_775_807n);
