import fc from 'fast-check';
import { createParser } from '../../../activities/adapters/parser';

const parser = createParser();
afterAll(() => parser.close());
const parse = ({ name, bytes }: { name: string; bytes: Buffer }) => parser.parse({ name, read: async () => bytes });
const parseText = async (name: string, content: string | Buffer) =>
  (await parse({ name, bytes: Buffer.from(content as string) })).text;
const formatOf = async (name: string, content: string | Buffer) =>
  (await parse({ name, bytes: Buffer.from(content as string) })).format;

describe('the format', () => {
  it.each([
    ['a.md', '# x', 'markdown'],
    ['dir.html/A.MARKDOWN', '# x', 'markdown'],
    ['a.htm', 'x', 'html'],
    ['a.log', '{"a":1}', 'text'],
    ['a.tsv', 'a\tb', 'csv'],
    ['a.json', '1', 'json'],
    ['a.ndjson', '1', 'jsonl'],
    ['README', 'plain', 'text'],
    ['noext', ' {"a":1}', 'json'],
    ['noext', '{"a":1}\n{"a":2}\n', 'jsonl'],
    ['noext', '{not json', 'text'],
    ['noext', '<!DOCTYPE html><p>x', 'html'],
    ['noext', '<!-- c --><html><p>x', 'html'],
    ['file.unknown', '\ufeff[1]', 'json'],
  ])('of %s with %j is %s', async (name, content, format) => {
    expect(await formatOf(name, content)).toBe(format);
  });
});

describe('what the far side says of a document', () => {
  const cyrillic = Buffer.from([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2]);
  const from = async (name: string, bytes: Buffer, contentType: string) => {
    const { format, text } = await parser.parse({ name, contentType, read: async () => bytes });
    return { format, text };
  };

  it.each([
    ['page.php?id=3', Buffer.from('<p>Привет</p>'), 'text/html', 'html', 'Привет'],
    ['page', Buffer.concat([Buffer.from('<p>'), cyrillic]), 'text/html; charset=windows-1251', 'html', 'Привет'],
    ['page', Buffer.concat([Buffer.from('<meta charset="cp1251"><p>'), cyrillic]), 'text/html', 'html', 'Привет'],
    ['a.txt', cyrillic, 'text/plain; charset="windows-1251"', 'text', 'Привет'],
    ['a.txt', Buffer.from('Привет'), 'text/plain; charset=windows-1251', 'text', 'Привет'],
    ['rows', Buffer.from('a,b\n1,2\n'), 'text/csv', 'csv', 'a: 1, b: 2'],
    ['a.md', Buffer.from('# x'), 'application/octet-stream', 'markdown', 'x'],
  ])('%s with bytes of its kind and %s', async (name, bytes, contentType, format, text) => {
    const parsed = await from(name, bytes, contentType);
    expect(parsed.format).toBe(format);
    expect(parsed.text.replaceAll('\n', ', ')).toContain(text);
  });

  it('is not believed against the bytes, nor about an encoding that there is not', async () => {
    await expect(from('a.txt', cyrillic, 'text/plain; charset=klingon')).rejects.toMatchObject({ code: 'not_text' });
    await expect(from('x', Buffer.from([0, 1, 2, 3]), 'text/html')).rejects.toMatchObject({ code: 'not_text' });
  });
});

describe('unreadable documents', () => {
  it.each([
    ['a.txt', '', 'empty'],
    ['a.md', ' \n\t', 'empty'],
    ['noext', '', 'empty'],
    ['a.html', '<script>x</script>', 'empty'],
    ['a.json', '{"a":null}', 'empty'],
    ['a.txt', Buffer.from([0x61, 0xe9, 0x62]), 'not_text'],
    ['a.txt', 'a\0b', 'not_text'],
    ['a.csv', Buffer.from([1, 2, 3, 4]), 'not_text'],
    ['a.bin', Buffer.from([0, 1, 2, 255]), 'unknown_format'],
    ['a.pdf', '%PDF-1.7 text', 'malformed'],
    ['a.json', '{broken', 'malformed'],
    ['a.json', '['.repeat(100_000) + ']'.repeat(100_000), 'malformed'],
    ['a.html', '<div>'.repeat(100_000), 'malformed'],
    ['a.csv', 'a,b\n"open,1', 'malformed'],
  ])('%s with %j', async (name, content, code) => {
    await expect(parseText(name, content)).rejects.toMatchObject({ name: 'UnreadableDocument', code });
  });

  it('names the broken line of JSON Lines', async () => {
    await expect(parseText('a.jsonl', '{"a":1}\n\n{broken\n')).rejects.toThrow('Line 3');
  });
});

describe('the text', () => {
  it('of Markdown has the words and not the marks', async () => {
    const markdown = [
      '# Title',
      'Some **bold** [link](http://hidden.example) and `code`.\n~~gone~~',
      '- one\n  - two',
      '| a | b |\n|---|---|\n| 1 | 2 |',
      '```js\nrun();\n```',
      '<div>block<script>bad()</script></div>',
      '> quote',
    ].join('\n\n');
    expect(await parseText('a.md', markdown)).toBe(
      'Title\n\nSome bold link and code.\ngone\n\none\n\ntwo\n\na | b\n1 | 2\n\nrun();\n\nblock\n\nquote',
    );
  });

  it('of long Markdown is complete', async () => {
    const words = Array.from({ length: 3000 }, (_, index) => `word${index}`);
    const text = await parseText('a.md', words.map((word) => `## ${word}\n\n*${word}*`).join('\n\n'));
    expect(text.split('\n\n')).toEqual(words.flatMap((word) => [word, word]));
  });

  it('of HTML has title, headings, paragraphs, tables and links, without scripts and styles', async () => {
    const html = `<!doctype html><html><head><title>T &amp; t</title><style>hide{}</style></head><body>
      <h1>Head</h1><p>Para <a href="http://hidden.example">link</a></p><script>hide()</script>
      <table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table><ul><li>x</ul></body></html>`;
    const lines = (await parseText('a.html', html))
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
    expect(lines).toEqual(['T & t', 'Head', 'Para link', 'a b', '1 2', '* x']);
  });

  it('of a table has a line per value', async () => {
    expect(await parseText('a.csv', 'name,age\r\n"Ann, B",3\r\n\r\nBob,,extra\r\n')).toBe(
      'name: Ann, B\nage: 3\n\nname: Bob\ncolumn 3: extra',
    );
    expect(await parseText('a.csv', 'a;b\n1;2')).toBe('a: 1\nb: 2');
    expect(await parseText('a.tsv', 'a,x\tb\n1\t2')).toBe('a,x: 1\nb: 2');
    expect(await parseText('a.csv', 'only,headers')).toBe('only\nheaders');
  });

  it('of JSON is content, else text, else every value', async () => {
    expect(await parseText('a.json', '{"content":"c","text":"t","x":1}')).toBe('c');
    expect(await parseText('a.json', '[{"content":" ","text":"t"},{"a":{"b":[true,"x"]},"n":null},"s"]')).toBe(
      't\n\na.b.0: true\na.b.1: x\n\ns',
    );
    expect(await parseText('a.jsonl', '{"text":"one"}\r\n\r\n{"k":2}\r\n')).toBe('one\n\nk: 2');
    expect(await parseText('a.json', '{"content":"a\\u0000b\\ud800\\r\\nc"}')).toBe('a b\ufffd\nc');
    expect(await parseText('a.json', '{"__proto__":{"content":"p"},"a":1}')).toContain('a: 1');
  });

  it('reads UTF-16 with a byte order mark, and drops that of UTF-8', async () => {
    expect(await parseText('a.txt', Buffer.from('\ufeffhé', 'utf16le'))).toBe('hé');
    expect(await parseText('a.txt', Buffer.from('\ufeffhé', 'utf16le').swap16())).toBe('hé');
    expect(await parseText('a.txt', '\ufeffhé\r\nx\ry')).toBe('hé\nx\ny');
  });
});

it('comes to an end on texts made to take long', async () => {
  const hostile: [string, string][] = [
    ['a.md', '['.repeat(100_000)],
    ['a.md', '>'.repeat(100_000)],
    ['a.md', `${'- '.repeat(20_000)}x`],
    ['a.md', '*a _b '.repeat(20_000)],
    ['a.md', '`'.repeat(50_000)],
    ['a.html', '<p>'.repeat(100_000)],
    ['a.html', '<'.repeat(500_000)],
    ['a.csv', '"'.repeat(500_001)],
    ['a.json', `{"${'k'.repeat(100_000)}":[${'1,'.repeat(10_000)}1]}`],
    ['noext', '{'.repeat(500_000)],
  ];
  for (const [name, content] of hostile) {
    const outcome = await parseText(name, content).catch((error: unknown) => error);
    expect(outcome).toBeDefined();
  }
});

it('returns well-formed text, or says why not, for any bytes', async () => {
  const seed = Date.now();
  console.log(`seed ${seed}`);
  const extension = fc.constantFrom('.md', '.html', '.txt', '.csv', '.json', '.jsonl', '');
  const content = fc.oneof(
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
    fc.json().map((text) => Buffer.from(text)),
  );
  await fc.assert(
    fc.asyncProperty(extension, content, async (end, bytes) => {
      try {
        const { text } = await parse({ name: `a${end}`, bytes });
        expect(text).not.toMatch(/\0|\r|\p{Surrogate}/u);
        expect(text.trim()).not.toBe('');
      } catch (error) {
        expect(error).toMatchObject({ name: 'UnreadableDocument' });
      }
    }),
    { seed, numRuns: 500 },
  );
});
