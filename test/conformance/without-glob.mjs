import { register } from 'node:module';

// The suite imports `fs.globSync`, which Node 20 has not; only its summary for repositories uses it, which is not run here.
register(
  `data:text/javascript,${encodeURIComponent(`
    export async function load(url, context, next) {
      const loaded = await next(url, context);
      if (!url.includes('/@modelcontextprotocol/conformance/dist/')) return loaded;
      const source = String(loaded.source).replace(/\\bglobSync as \\w+,/, '');
      return { ...loaded, source };
    }`)}`,
);
