import { z } from 'zod';
import { rawText, storableObject } from './text';

/** What a server offers beside tools. */
export const contentKinds = ['resource', 'resource_template', 'prompt'] as const;
export type ContentKind = (typeof contentKinds)[number];

export const contentLimits = {
  perKind: 1_000,
  /** Of a name in UTF-8: it is part of a key of the database. */
  nameBytes: 2_000,
  /** Of one definition, as JSON. */
  definitionBytes: 16 * 1024,
  /** Of all definitions of a server together. */
  bytes: 4 * 1024 * 1024,
} as const;

/** A URI, a template of URIs (RFC 6570), or the name of a prompt: by which it is asked for. */
export const ContentName = rawText(contentLimits.nameBytes)
  .min(1)
  .refine((name) => Buffer.byteLength(name) <= contentLimits.nameBytes, `at most ${contentLimits.nameBytes} bytes`);

export const ServerContent = z.strictObject({
  kind: z.enum(contentKinds),
  name: ContentName,
  /** As the server sent it. */
  definition: storableObject(),
});
export type ServerContent = z.infer<typeof ServerContent>;
