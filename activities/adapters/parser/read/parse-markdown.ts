import type { Nodes } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { toString } from 'mdast-util-to-string';
import { gfm } from 'micromark-extension-gfm';
import { markdownSections } from './markdown-sections';
import { parseHtml } from './parse-html';

const extensions = { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] };

/** Words of headings, paragraphs, lists, tables and code, without the marks; a blank line between blocks. */
export function parseMarkdown(markdown: string): string {
  const blocks: string[] = [];
  for (const section of markdownSections(markdown)) {
    collect(fromMarkdown(section, extensions), blocks);
  }
  return blocks.filter((block) => block.trim() !== '').join('\n\n');
}

const containers = ['root', 'blockquote', 'list', 'listItem', 'footnoteDefinition'] as const;

function isContainer(node: Nodes): node is Extract<Nodes, { type: (typeof containers)[number] }> {
  return containers.some((type) => type === node.type);
}

function collect(node: Nodes, blocks: string[]): void {
  if (isContainer(node)) {
    for (const child of node.children) collect(child, blocks);
  } else if (node.type === 'table') {
    blocks.push(node.children.map((row) => row.children.map((cell) => toString(cell)).join(' | ')).join('\n'));
  } else if (node.type === 'html') {
    blocks.push(parseHtml(node.value));
  } else {
    blocks.push(toString(node, { includeHtml: false }));
  }
}
