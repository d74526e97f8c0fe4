import { z } from 'zod';
import { refusal } from '../../../../contracts/errors';

export const FileSourceConfig = z.object({
  /** Folder on this machine, below one of the allowed roots. */
  path: z.string().min(1).max(4096),
  /** Globs over the paths inside the folder; all files when absent. */
  include: z.array(z.string().min(1).max(512)).max(100).optional(),
});

export type FileSourceConfig = z.infer<typeof FileSourceConfig>;

/** Fails as VERIFICATION_FAILED when the stored configuration of a source does not fit. */
export function parseFileConfig(config: unknown): FileSourceConfig {
  const parsed = FileSourceConfig.safeParse(config);
  if (parsed.success) return parsed.data;
  throw refusal('VERIFICATION_FAILED', 'A file source needs a "path" and, if wanted, a list of globs in "include".');
}
