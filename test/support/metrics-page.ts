/** The value of the sample of this name that carries at least these labels; undefined when there is none. */
export function sampleOf(page: string, name: string, labels: Readonly<Record<string, string>>): number | undefined {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const line = page
    .split('\n')
    .find((each) => /^[a-z_]+/i.exec(each)?.[0] === name && wanted.every((label) => each.includes(label)));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}

/** The names of all samples on the page. */
export function namesOn(page: string): Set<string> {
  return new Set([...page.matchAll(/^([a-z_][a-z0-9_]*)[{ ]/gim)].map(([, name]) => name ?? ''));
}
