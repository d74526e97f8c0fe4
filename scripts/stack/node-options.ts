// With the default limit (4 GB) V8 lets the old generation grow fourfold between full collections, with this one by less
// than half; and what most requests leave dies in a young generation of this size, so that little grows old at all.
const heapOfApi = ['--max-old-space-size=512', '--max-semi-space-size=16'];

/** What Node is told on the command line of API and worker. */
export function nodeOptions(name: 'api' | 'worker'): string[] {
  return ['--enable-source-maps', ...(name === 'api' ? heapOfApi : [])];
}
