import { compile } from 'html-to-text';
import { UnreadableDocument } from '../port';

const options = {
  wordwrap: false as const,
  limits: { maxInputLength: Number.MAX_SAFE_INTEGER },
  selectors: [
    { selector: 'a', options: { ignoreHref: true } },
    { selector: 'img', format: 'skip' },
    ...['script', 'style', 'noscript', 'template', 'svg', 'iframe', 'object'].map((selector) => ({
      selector,
      format: 'skip',
    })),
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
    { selector: 'table', format: 'block' },
    { selector: 'tr', format: 'block', options: { leadingLineBreaks: 1, trailingLineBreaks: 1 } },
    ...['td', 'th'].map((selector) => ({ selector, format: 'inlineSurround', options: { suffix: ' ' } })),
  ],
};
const convert = compile(options);
const convertTitled = compile({ ...options, baseElements: { selectors: ['title', 'body'], orderBy: 'selectors' } });

/** Title, headings, paragraphs, tables and the words of links; no scripts, styles or addresses. */
export function parseHtml(html: string): string {
  if (isTooDeep(html)) throw new UnreadableDocument('malformed', 'The document is nested too deeply.');
  return /<body[\s>]/i.test(html) ? convertTitled(html) : convert(html);
}

// Void elements, and those often left open that end with the next one of their kind.
const flatElements = new Set(
  (
    'area base br col embed hr img input link meta param source track wbr ' +
    'p li dt dd tr td th thead tbody tfoot colgroup caption option optgroup rp rt html head body'
  ).split(' '),
);
const depthMax = 2000;
const namePattern = /[a-z][a-z0-9-]{0,40}/iy;

/** Building the tree takes time with the square of the depth, long before the stack ends. */
function isTooDeep(html: string): boolean {
  let depth = 0;
  for (let at = html.indexOf('<'); at !== -1; at = html.indexOf('<', at + 1)) {
    const isEnd = html.charCodeAt(at + 1) === 0x2f;
    const name = tagName(html, at + (isEnd ? 2 : 1));
    if (name === '' || flatElements.has(name) || flatElements.has(name.toLowerCase())) continue;
    depth = isEnd ? Math.max(0, depth - 1) : depth + 1;
    if (depth > depthMax) return true;
  }
  return false;
}

function tagName(html: string, start: number): string {
  namePattern.lastIndex = start;
  return namePattern.test(html) ? html.slice(start, namePattern.lastIndex) : '';
}
