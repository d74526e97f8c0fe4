import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

const words = 'harbour ledger granite orchard signal compass meadow lantern copper river quartz saddle'.split(' ');

/** Small documents whose content follows from their number, so that every folder of them is the same; each holds the mark. */
export async function writeDocuments(folder: string, count: number, mark = ''): Promise<void> {
  await mkdir(folder, { recursive: true });
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      writeFile(path.join(folder, `note-${String(index).padStart(4, '0')}.md`), documentText(index, mark)),
    ),
  );
}

// Every tenth document is long enough for three chunks.
function documentText(index: number, mark: string): string {
  const sentences = Array.from({ length: index % 10 === 0 ? 24 : 2 }, (_, line) => sentence(index, line));
  return `# Note ${index}\n\n${sentences.join(' ')} ${mark}\n`;
}

function sentence(index: number, line: number): string {
  const pick = (step: number) => words[(index * 7 + line * 5 + step * 3) % words.length];
  return `The ${pick(1)} of note ${index} met the ${pick(2)} beside ${pick(3)} ${line}.`;
}
