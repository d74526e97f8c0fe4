const mebibyte = 1024 * 1024;

/** One document, as it travels and decompressed. */
export const documentBytesMax = 5 * mebibyte;
/** One sitemap, decompressed: the protocol's own bound. */
export const sitemapBytesMax = 50 * mebibyte;
/** Locations in one sitemap: the protocol's own bound. */
export const locationsPerSitemapMax = 50_000;
/** Sitemaps that one index may name. */
export const sitemapsMax = 1_000;
/** What all locations of a source take together. */
export const listBytesMax = 32 * mebibyte;
/** Documents of one source, and their bytes together. */
export const documentsMax = 100_000;
export const sourceBytesMax = 100 * mebibyte;
/** What is read of a robots.txt; RFC 9309 asks for no less. */
export const robotsBytesMax = 500 * 1024;
/** As long as the column that holds it; the protocol allows sitemaps twice that. */
export const nameLengthMax = 1_024;

export interface Timing {
  /** Between the starts of two requests to one host. */
  readonly hostIntervalMs: number;
  /** Until the headers are there. */
  readonly headersMs: number;
  /** Between two pieces of the body. */
  readonly bodyMs: number;
  /** The whole of one request. */
  readonly wholeMs: number;
  /** Before a request that failed is made again, where the host does not say. */
  readonly pauseMs: number;
  /** The longest wait that a host may ask for; who asks for more is left alone for this run. */
  readonly retryAfterMsMax: number;
  /** The longest interval that a robots.txt may ask for; a longer one counts as this. */
  readonly crawlDelayMsMax: number;
  /** How long a host that keeps failing is left alone. */
  readonly closedMs: number;
  /** How long a robots.txt is remembered, and how long that it could not be read. */
  readonly robotsMs: number;
  readonly robotsFailureMs: number;
}

export const defaultTiming: Timing = {
  hostIntervalMs: 250,
  headersMs: 15_000,
  bodyMs: 15_000,
  wholeMs: 60_000,
  pauseMs: 1_000,
  retryAfterMsMax: 60_000,
  crawlDelayMsMax: 30_000,
  closedMs: 60_000,
  robotsMs: 3_600_000,
  robotsFailureMs: 60_000,
};
