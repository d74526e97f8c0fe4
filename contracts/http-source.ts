import { z } from 'zod';
import { text } from './text';

/** More addresses than this belong into a sitemap. */
export const urlsMax = 1000;

const HttpUrl = text(1024).superRefine((value, { addIssue }) => {
  const problem = problemOfUrl(value);
  if (problem !== undefined) addIssue({ code: 'custom', message: problem });
});

function problemOfUrl(value: string): string | undefined {
  if (!URL.canParse(value)) return 'not an absolute URL';
  const { protocol, username, password } = new URL(value);
  if (protocol !== 'http:' && protocol !== 'https:') return 'only http and https are read';
  if (username !== '' || password !== '') return 'credentials do not belong into a URL';
  return undefined;
}

/** Pages by their addresses, or what a sitemap lists. */
export const HttpSourceConfig = z
  .strictObject({ urls: z.array(HttpUrl).min(1).max(urlsMax).optional(), sitemap_url: HttpUrl.optional() })
  .refine(({ urls, sitemap_url }) => (urls === undefined) !== (sitemap_url === undefined), {
    message: 'give either urls or sitemap_url',
  });
export type HttpSourceConfig = z.infer<typeof HttpSourceConfig>;

export const HttpSource = z.strictObject({
  source_type: z.literal('http'),
  name: text(128),
  config: HttpSourceConfig,
});
