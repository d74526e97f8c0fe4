import { z } from 'zod';
import { ExportFormat, ExportSelection } from '../exports';
import { PlaneId } from '../knowledge-schemas';
import { identifier } from '../text';
import { Moment, Time } from './common';

/** A run, a plane or a period; without any of them everything there is. */
export const ExportBody = z
  .strictObject({
    format: ExportFormat.default('json'),
    run_id: identifier.optional(),
    plane_id: PlaneId.optional(),
    /** First moment of the period. */
    from: Moment.optional(),
    /** End of the period, itself not in it. */
    to: Moment.optional(),
    /** Sizes of checkpoints that were kept outside: the file then links its tree to them. */
    checkpoint_sizes: z.array(z.int().min(0)).max(16).default([]),
  })
  .refine(
    ({ run_id: run, plane_id: plane, from, to }) =>
      [run, plane, from ?? to].filter((each) => each !== undefined).length <= 1,
    'takes a run, a plane or a period, not several of them',
  )
  .refine(({ from, to }) => from === undefined || to === undefined || Date.parse(from) < Date.parse(to), {
    message: 'ends before it begins',
    path: ['to'],
  });
export type ExportBody = z.infer<typeof ExportBody>;

export const ExportPath = z.strictObject({ export_id: identifier });

export const ExportView = z.strictObject({
  export_id: z.string(),
  format: ExportFormat,
  selection: ExportSelection,
  /** The tree that the file speaks of. */
  tree_size: z.int(),
  root_hash: z.string(),
  events: z.int(),
  bytes: z.int(),
  /** SHA-256 of the file; it stands in the audit event as well. */
  sha256: z.string(),
  created_by: z.string(),
  created_at: Time,
  /** Path of the file. */
  download_url: z.string(),
});
export type ExportView = z.infer<typeof ExportView>;
