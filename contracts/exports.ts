import { z } from 'zod';

export const exportFormats = ['json', 'csv'] as const;
export const ExportFormat = z.enum(exportFormats);
export type ExportFormat = z.infer<typeof ExportFormat>;

/** Which events an export is asked for; a period is half open, in the time of the event. */
export const ExportSelection = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('all') }),
  z.strictObject({ type: z.literal('run'), run_id: z.string() }),
  z.strictObject({ type: z.literal('plane'), plane_id: z.string() }),
  z.strictObject({ type: z.literal('period'), from: z.string().nullable(), to: z.string().nullable() }),
]);
export type ExportSelection = z.infer<typeof ExportSelection>;

/** Events in one file at most; more are asked for period by period. */
export const exportEventsMax = 200_000;
