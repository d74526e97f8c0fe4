import { UnreadableDocument } from '../port';
import { bounds } from './bounds';

const blockCharacters = 65_536;

/**
 * Joins many short texts, empty ones left out. Blocks are flattened as they fill, because a short string that was put
 * together of others takes several times the memory of its characters. Ends as soon as the text is too long.
 */
export function joinTexts(separator: string): { add(text: string): void; text(): string } {
  const blocks: string[] = [];
  let parts: string[] = [];
  let characters = 0;
  let unflattened = 0;
  const flatten = () => {
    if (parts.length > 0) blocks.push(parts.join(separator));
    [parts, unflattened] = [[], 0];
  };
  return {
    add(text) {
      if (text === '') return;
      parts.push(text);
      characters += text.length + separator.length;
      unflattened += text.length;
      if (characters > bounds.textCharactersMax + separator.length) {
        throw new UnreadableDocument('too_large', `The text is longer than ${bounds.textCharactersMax} characters.`);
      }
      if (unflattened > blockCharacters) flatten();
    },
    text() {
      flatten();
      return blocks.join(separator);
    },
  };
}
