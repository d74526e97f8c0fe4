import { HttpSourceConfig } from '../../../../contracts/http-source';
import { refusal } from '../../../../contracts/errors';

export type HttpConfig = { readonly urls: readonly URL[] } | { readonly sitemapUrl: URL };

/** Fails as VERIFICATION_FAILED when the stored configuration of a source does not fit. */
export function parseHttpConfig(config: unknown): HttpConfig {
  const parsed = HttpSourceConfig.safeParse(config);
  if (!parsed.success) {
    throw refusal('VERIFICATION_FAILED', 'An http source needs either "urls" or "sitemap_url", http or https.');
  }
  const { urls, sitemap_url } = parsed.data;
  if (sitemap_url !== undefined) return { sitemapUrl: withoutFragment(new URL(sitemap_url)) };
  const distinct = new Map((urls ?? []).map((url) => withoutFragment(new URL(url))).map((url) => [url.href, url]));
  return { urls: [...distinct.values()] };
}

/** The part after `#` is the reader's own: servers never see it. */
export function withoutFragment(url: URL): URL {
  const bare = new URL(url);
  bare.hash = '';
  return bare;
}
