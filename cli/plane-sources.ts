import { statSync } from 'node:fs';
import path from 'node:path';
import { usageFailure } from './failures';

export interface PlaneSource {
  readonly source_type: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

export interface SourceOptions {
  readonly source?: readonly string[];
  readonly file?: readonly string[];
  readonly url?: readonly string[];
  readonly sitemap?: readonly string[];
  readonly upload?: boolean;
  readonly include?: readonly string[];
  /** `name=value` for the parameters of sql sources. */
  readonly param?: readonly string[];
}

/** The sources that the options describe: `type:name:path`, folders of the server, web pages, sitemaps, uploads. */
export function planeSources(options: SourceOptions, cwd: string): readonly PlaneSource[] {
  const sources = [
    ...(options.source ?? []).map((text) => parseSource(text, options, cwd)),
    ...(options.file ?? []).map((folder) => fileSource(path.basename(path.resolve(cwd, folder)), folder, options, cwd)),
    ...(options.url === undefined ? [] : [{ source_type: 'http', name: 'pages', config: { urls: options.url } }]),
    ...(options.sitemap ?? []).map((url) => ({ source_type: 'http', name: siteOf(url), config: { sitemap_url: url } })),
    ...(options.upload === true ? [{ source_type: 'upload', name: 'upload', config: {} }] : []),
  ];
  const names = sources.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw usageFailure(`two sources are named ${twice}`, 'name them: --source type:name:path');
  if (sources.length === 0)
    throw usageFailure('a plane needs a source', 'give --file FOLDER, --url, --sitemap, --upload or --source');
  return sources;
}

function parseSource(text: string, options: SourceOptions, cwd: string): PlaneSource {
  // Only the first two colons part: a path may hold more.
  const [, type = '', name = '', location] = /^([^:]+):([^:]+)(?::(.+))?$/.exec(text) ?? [];
  if (type === '') throw usageFailure(`--source ${text} is not of the form type:name:path`);
  if (type === 'file') {
    if (location === undefined) throw usageFailure(`--source ${text} lacks the folder: file:${name}:FOLDER`);
    return fileSource(name, location, options, cwd);
  }
  if (type === 'sql') return sqlSource(name, location, options);
  if (type === 'http') {
    if (location === undefined) throw usageFailure(`--source ${text} lacks the address: http:${name}:URL`);
    return {
      source_type: 'http',
      name,
      config: isSitemap(location) ? { sitemap_url: location } : { urls: [location] },
    };
  }
  return { source_type: type, name, config: location === undefined ? {} : { path: location } };
}

function sqlSource(name: string, location: string | undefined, { param }: SourceOptions): PlaneSource {
  const [, connection, template] = /^([^/]+)\/(.+)$/.exec(location ?? '') ?? [];
  if (connection === undefined || template === undefined) {
    throw usageFailure(`--source sql:${name} lacks what to read: sql:${name}:CONNECTION/TEMPLATE`);
  }
  const params = Object.fromEntries((param ?? []).map(parseParam));
  return { source_type: 'sql', name, config: { connection_ref: connection, template_id: template, params } };
}

function parseParam(text: string): readonly [string, unknown] {
  const [, name, value] = /^([^=]+)=([^]*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw usageFailure(`--param ${text} is not of the form name=value`);
  return [name, jsonOrText(value)];
}

// Numbers, lists and true are meant as such; a text of digits stands in quotes: code='"007"'.
function jsonOrText(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function fileSource(name: string, folder: string, { include }: SourceOptions, cwd: string): PlaneSource {
  return {
    source_type: 'file',
    name,
    config: { path: serverPath(folder, cwd), ...(include === undefined ? {} : { include }) },
  };
}

// What servers call their sitemaps, by custom: anything else is a page.
function isSitemap(url: string): boolean {
  return /sitemap[^/?]*\.xml(?:\.gz)?$/i.test(url.replace(/[?#].*$/, ''));
}

function siteOf(url: string): string {
  if (!URL.canParse(url)) throw usageFailure(`--sitemap ${url} is no address`);
  return new URL(url).host;
}

// The server resolves the path. On the same machine the reader means their own working directory; elsewhere the path is not here.
function serverPath(folder: string, cwd: string): string {
  const local = path.resolve(cwd, folder);
  return statSync(local, { throwIfNoEntry: false })?.isDirectory() === true ? local : folder;
}
