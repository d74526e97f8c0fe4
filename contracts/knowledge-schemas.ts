import { z } from 'zod';
import { HttpSource } from './http-source';
import { SqlSourceConfig } from './sql-templates';
import { identifier, text } from './text';

export const PlaneId = z.string().regex(/^kp_[0-9a-f]{12}$/, 'a plane id: kp_ and 12 hex digits');

const FileSource = z.strictObject({
  source_type: z.literal('file'),
  name: text(128),
  config: z.strictObject({ path: text(4096), include: z.array(text(512)).max(100).optional() }),
});
const UploadSource = z.strictObject({
  source_type: z.literal('upload'),
  name: text(128),
  config: z.strictObject({}).default({}),
});
const SqlSource = z.strictObject({ source_type: z.literal('sql'), name: text(128), config: SqlSourceConfig });
export const SourceDefinition = z.discriminatedUnion('source_type', [FileSource, UploadSource, SqlSource, HttpSource]);
export type SourceDefinition = z.infer<typeof SourceDefinition>;

export const PlaneDefinition = z.strictObject({
  name: text(128),
  description: text(2000).optional(),
  plane_type: z.enum(['private', 'public']).default('private'),
  /** Share of documents that may be unreadable before ingestion fails. */
  unreadable_tolerance: z.number().min(0).max(1).default(0.1),
  onboard: z.boolean().default(false),
  sources: z.array(SourceDefinition).min(1).max(50),
});
export type PlaneDefinition = z.infer<typeof PlaneDefinition>;

export const DocumentId = identifier;
export const SourceId = identifier;
export const JobId = identifier;
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
