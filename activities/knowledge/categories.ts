import { documentCategories, type DocumentCategory } from '../../contracts/classification';

const keywords = {
  technical: ['code', 'api', 'function', 'class', 'method', 'error', 'debug'],
  documentation: ['readme', 'guide', 'tutorial', 'howto', 'manual', 'docs'],
  financial: ['invoice', 'payment', 'billing', 'price', 'cost', 'revenue'],
  legal: ['agreement', 'contract', 'terms', 'license', 'copyright', 'privacy'],
  personal: ['name', 'address', 'birthday', 'contact', 'profile'],
  healthcare: ['patient', 'medical', 'diagnosis', 'treatment', 'health'],
} as const satisfies Record<DocumentCategory, readonly string[]>;

const categoryOf = new Map<string, DocumentCategory>(
  documentCategories.flatMap((category) => keywords[category].map((keyword) => [keyword, category] as const)),
);
const anyKeyword = new RegExp(`(?<![\\p{L}\\p{N}_])(?:${[...categoryOf.keys()].join('|')})(?![\\p{L}\\p{N}_])`, 'giu');

/** The categories of which at least one keyword stands in the text as a whole word, in the order of `documentCategories`. */
export function findCategories(text: string): DocumentCategory[] {
  const found = new Set<DocumentCategory>();
  for (const [word] of text.matchAll(anyKeyword)) {
    const category = categoryOf.get(word.toLowerCase());
    if (category) found.add(category);
    if (found.size === documentCategories.length) break;
  }
  return documentCategories.filter((category) => found.has(category));
}
