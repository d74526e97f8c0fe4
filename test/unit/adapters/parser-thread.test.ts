import { createParser } from '../../../activities/adapters/parser';
import { officeFile, wordDocument } from '../../support/office-files';
import { hardenedParser } from './hostile-documents';

const { parser, parse, outcomeOf } = hardenedParser();

describe('the thread', () => {
  // Sections are parsed one by one, so the time grows with their number.
  const slow = '- > a *b* `c` [d](e)\n\n'.repeat(200_000);

  it.each([
    ['too long', { timeMsMax: 3000 }, 'a.md', slow, 'too_slow'],
    ['too much heap', { growthMbMax: 60 }, 'a.html', '<p>a<b>b</b>'.repeat(600_000), 'too_large'],
    ['too many buffers', { growthMbMax: 60 }, 'a.txt', 'word '.repeat(15_000_000), 'too_large'],
  ])('is ended when a document takes %s, and the next one is read', async (_, options, name, content, code) => {
    const bounded = createParser(options);
    const read = async (text: string) => Buffer.from(text);
    try {
      await expect(bounded.parse({ name, read: () => read(content) })).rejects.toMatchObject({ code });
      expect((await bounded.parse({ name: 'b.txt', read: () => read('x') })).text).toBe('x');
    } finally {
      await bounded.close();
    }
  });

  const tree = (count: number): Buffer => {
    const paragraphs = Array.from({ length: count }, (_, n) => `<w:p w:id="${(n * 7919) % 1_000_003}"/>`);
    return officeFile('docx', { 'word/document.xml': wordDocument(paragraphs.join('')) });
  };

  it.each([
    // Beyond the bound of the short ones; whether also of the long ones hangs on the machine.
    ['a short archive, read among the long ones or refused there,', 'a.docx', tree(240_000), /^(?:empty|too_large)$/],
    ['a long archive', 'a.docx', tree(1_000_000), /^too_large$/],
    ['a long text', 'a.json', `[${'{"a":{}},'.repeat(4_000_000)}1]`, /^too_large$/],
  ])(
    'does not take the process with it when %s grows without measure and the process is busy',
    async (_, name, content, code) => {
      const outcome = outcomeOf(name, content);
      setTimeout(() => {
        for (const end = performance.now() + 1000; performance.now() < end;);
      }, 50);
      expect(await outcome).toMatch(code);
    },
  );

  it('is ended by the signal, and what waits for its turn ends at once', async () => {
    const stop = new AbortController();
    const reason = new Error('stopped');
    const read = async () => Buffer.from(slow);
    const running = parser.parse({ name: 'a.md', read, signal: stop.signal });
    const waiting = parser.parse({ name: 'b.md', read, signal: stop.signal });
    const other = parse('c.txt', 'c');
    setImmediate(() => stop.abort(reason));
    await expect(running).rejects.toBe(reason);
    await expect(waiting).rejects.toBe(reason);
    expect((await other).text).toBe('c');
  });

  it('passes on why a document could not be fetched', async () => {
    const gone = new Error('gone');
    await expect(parser.parse({ name: 'a.md', read: () => Promise.reject(gone) })).rejects.toBe(gone);
  });
});
