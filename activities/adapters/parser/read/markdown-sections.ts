const sectionCharacters = 8192;
const nestedMarks = /^(?:[ \t]*(?:>|[-*+]|\d{1,9}[.)])){9,}/gm;

/**
 * Cuts a long Markdown text into sections at blank lines outside code fences, at any line or character if need be:
 * the Markdown parser takes more than linear time on texts made for it.
 */
export function* markdownSections(markdown: string): Generator<string> {
  for (let start = 0; start < markdown.length;) {
    const end = sectionEnd(markdown, start);
    yield withoutDeepNesting(markdown.slice(start, end));
    start = end;
  }
}

/** Nine quotes or lists opened in one line are nobody's writing, and cost the parser seconds; rulers stay. */
function withoutDeepNesting(section: string): string {
  return section.replace(nestedMarks, (marks, offset: number) => {
    const isRuler =
      /^\s*([-*+])(?:[ \t]*\1)*$/.test(marks) &&
      /^[ \t]*(?:\n|$)/.test(section.slice(offset + marks.length, offset + marks.length + 80));
    return isRuler ? marks : '> ';
  });
}

function sectionEnd(markdown: string, start: number): number {
  const limit = start + sectionCharacters;
  if (limit >= markdown.length) return markdown.length;
  const window = markdown.slice(start, limit);
  const cut = lastBlankLineOutsideFence(window) || window.lastIndexOf('\n') + 1 || window.length;
  const isSplitPair = (markdown.charCodeAt(start + cut) & 0xfc00) === 0xdc00;
  return start + cut - Number(isSplitPair);
}

function lastBlankLineOutsideFence(window: string): number {
  let fence: string | undefined;
  let last = 0;
  for (const match of window.matchAll(/^ {0,3}(`{3,}|~{3,})|^[ \t]*\n/gm)) {
    const mark = match[1]?.slice(0, 3);
    if (mark === undefined) last = fence === undefined ? match.index + match[0].length : last;
    else if (fence === undefined) fence = mark;
    else if (fence === mark) fence = undefined;
  }
  return last;
}
