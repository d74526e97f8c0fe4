const charactersMax = 4096;

/**
 * The words of a query, separated by spaces: quotes, operators and pictures mean nothing in a search by words.
 * Long queries are cut, as every word costs a look into the index.
 */
export function searchableText(query: string): string {
  return (query.slice(0, charactersMax).match(/[\p{L}\p{N}\p{M}]+/gu) ?? []).join(' ');
}
