import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import {
  inlineCell,
  officeFile,
  relations,
  sheet,
  slide,
  wordDocument,
  wordParagraph,
} from '../../support/office-files';
import { pdfFile, pdfStream, textPdf } from '../../support/pdf-files';
import { hardenedParser } from './hostile-documents';

const { outcomeOf } = hardenedParser();

const zeros = (megabytes: number) => new Uint8Array(megabytes * 1024 * 1024);

describe('archives', () => {
  it('that inflate beyond the bounds are not inflated', async () => {
    const bomb = officeFile('docx', { 'word/bomb.xml': zeros(80) }, { level: 9 });
    expect(bomb.length).toBeLessThan(200_000);
    expect(await outcomeOf('a.docx', bomb)).toBe('too_large');
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`xl/part${n}.xml`, zeros(3)]));
    expect(await outcomeOf('a.xlsx', officeFile('xlsx', many))).toMatch(/too_large|malformed/);
  });

  it('that lie about their sizes are damaged', async () => {
    const bomb = officeFile('docx', { 'word/document.xml': zeros(8) });
    const directory = bomb.lastIndexOf('word/document.xml') - 46;
    bomb.writeUInt32LE(100, directory + 24);
    expect(await outcomeOf('a.docx', bomb)).toBe('malformed');
  });

  it('within archives are not opened', async () => {
    const nested = Array.from({ length: 20 }).reduce<Uint8Array>((inner) => zipSync({ 'inner.zip': inner }), zeros(1));
    expect(await outcomeOf('a.zip', Buffer.from(nested))).toBe('unknown_format');
    expect(await outcomeOf('a.docx', officeFile('docx', { 'word/inner.zip': nested }))).toBe('words');
  });

  it('may hold any names, for nothing is written under them', async () => {
    const names = ['../../etc/passwd.xml', '/etc/passwd.xml', 'C:\\x.xml', '__proto__.xml', 'constructor'];
    for (const name of names) {
      expect(await outcomeOf('a.pptx', officeFile('pptx', { [name]: '<a/>' }))).toMatch(/^words$|malformed/);
    }
    const outside = { 'ppt/_rels/presentation.xml.rels': relations([['rId1', 'slide', '../../../etc/passwd']]) };
    expect(await outcomeOf('a.pptx', officeFile('pptx', outside))).toBe('empty');
  });

  it('may hold a part named after the prototype', async () => {
    for (const format of ['docx', 'xlsx', 'pptx'] as const) {
      const file = officeFile(format, { __other__: '<a/>' }).toString('latin1').replaceAll('__other__', '__proto__');
      expect(await outcomeOf(`a.${format}`, Buffer.from(file, 'latin1'))).toContain('words');
    }
  });

  it('with too many parts are refused', async () => {
    const parts = Object.fromEntries(Array.from({ length: 10_001 }, (_, n) => [`p${n}`, '']));
    expect(await outcomeOf('a.docx', officeFile('docx', parts, { level: 0 }))).toBe('too_large');
  });
});

describe('XML', () => {
  const laughs = `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "${'&a;'.repeat(50)}"><!ENTITY c "${'&b;'.repeat(50)}"><!ENTITY d "${'&c;'.repeat(50)}">]>`;
  const external = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>';
  it.each([
    ['entities in entities', laughs + wordDocument(wordParagraph('&d;'))],
    ['entities of files', external + wordDocument(wordParagraph('&a;'))],
    ['deep nesting', wordDocument('<w:sdt>'.repeat(100_000))],
    ['unclosed elements', wordDocument('<w:p>')],
    ['a huge attribute list', `<w:document ${Array.from({ length: 50_000 }, (_, n) => `a${n}="1"`).join(' ')}>`],
  ])('with %s is malformed', async (_, xml) => {
    expect(await outcomeOf('a.docx', officeFile('docx', { 'word/document.xml': xml }))).toBe('malformed');
  });

  const sheetOf = (at: string) => sheet(`<row r="1">${inlineCell(at, 'words')}</row>`);
  const parts = [
    ['docx', 'word/document.xml', wordDocument(wordParagraph('words'))],
    ['xlsx', 'xl/worksheets/sheet1.xml', sheetOf('A1')],
    ['pptx', 'ppt/slides/slide1.xml', slide('words')],
  ] as const;
  const doctype = '<!DOCTYPE x [<!ENTITY a "ha">]>';
  it.each(parts)('in UTF-16 hides nothing in a %s', async (format, name, xml) => {
    const inUtf16 = async (text: string, mark: string) => {
      const little = Buffer.from(mark + text, 'utf16le');
      const outcomes = new Set<string>();
      for (const part of [little, Buffer.from(little).swap16()])
        outcomes.add(await outcomeOf(`a.${format}`, officeFile(format, { [name]: part })));
      return [...outcomes];
    };
    expect(await inUtf16(xml, '\ufeff')).toEqual([expect.stringContaining('words')]);
    expect(await inUtf16(doctype + xml, '\ufeff')).toEqual(['malformed']);
    expect(await inUtf16(doctype + xml, '')).toEqual(['malformed']);
  });

  it('in UTF-16 does not hide how far a sheet extends', async () => {
    const far = Buffer.from(`\ufeff${sheetOf('XFD1048576')}`, 'utf16le');
    expect(await outcomeOf('a.xlsx', officeFile('xlsx', { 'xl/worksheets/sheet1.xml': far }))).toBe('too_large');
  });
});

describe('sheets and slides', () => {
  it('that claim more cells than they have are too large', async () => {
    for (const at of ['XFD1048576', 'A99999999', 'ZZZZ5000', 'F1048576']) {
      const far = sheet(`<row r="1">${inlineCell('A1', 'near')}</row><row>${inlineCell(at, 'far')}</row>`);
      expect(await outcomeOf('a.xlsx', officeFile('xlsx', { 'xl/worksheets/sheet1.xml': far }))).toBe('too_large');
    }
    const negative = sheet(`<row r="-1"><c r="A-1"><v>1</v></c><c><v>2</v></c><c r="💥"><v>3</v></c></row>`);
    expect(await outcomeOf('a.xlsx', officeFile('xlsx', { 'xl/worksheets/sheet1.xml': negative }))).toBeDefined();
  });

  it('in great numbers end within the bounds', async () => {
    const one = Array.from({ length: 2001 }, (_, n) => [`r${n}`, 'slide', 'slides/slide1.xml'] as const);
    const list = one.map(([id]) => `<p:sldId r:id="${id}"/>`).join('');
    const deck = {
      'ppt/presentation.xml': `<p:presentation xmlns:p="urn:p" xmlns:r="urn:r">${list}</p:presentation>`,
      'ppt/_rels/presentation.xml.rels': relations(one),
      'ppt/slides/slide1.xml': slide('x'),
    };
    expect(await outcomeOf('a.pptx', officeFile('pptx', deck))).toBe('too_large');
    const cells = Array.from({ length: 200_000 }, (_, n) => `<row r="${n + 1}"><c r="A${n + 1}"><v>${n}</v></c></row>`);
    const large = officeFile('xlsx', { 'xl/worksheets/sheet1.xml': sheet(cells.join('')) });
    expect(await outcomeOf('a.xlsx', large)).toContain('199999');
  });
});

describe('PDF', () => {
  it('with a page tree that loops, counts without end or runs scripts ends', async () => {
    const page = '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>';
    const files = [
      pdfFile(['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [2 0 R] /Count 3 >>']),
      pdfFile(['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [3 0 R] /Count 99999999 >>', page]),
      pdfFile(['<< /Type /Catalog /Pages 1 0 R >>']),
      pdfFile(['1 0 R']),
      pdfFile(['<< /Type /Catalog /Pages 2 0 R >>', `${'['.repeat(100_000)}`]),
    ];
    for (const file of files)
      expect(await outcomeOf('a.pdf', file)).toMatch(/^(?:malformed|too_large|scanned|encrypted)$/);
    const script = '/OpenAction << /S /JavaScript /JS (while \\(true\\) {}) >>';
    expect(await outcomeOf('a.pdf', textPdf(['words'], { catalogue: script }))).toBe('words');
  });

  it('whose streams inflate without measure ends within time and memory', async () => {
    const operators = Buffer.alloc(300 * 1024 * 1024, 'BT ET\n');
    const content = pdfStream(deflateSync(operators, { level: 9 }), '/Filter /FlateDecode');
    const bomb = pdfFile([
      '<< /Type /Catalog /Pages 2 0 R >>',
      '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
      '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>',
      content,
    ]);
    expect(await outcomeOf('a.pdf', bomb)).toMatch(/too_large|too_slow|malformed|scanned/);
  });
});

describe('mail', () => {
  const head = 'From: a@b.example\r\nSubject: s\r\nMIME-Version: 1.0\r\n';
  it('with parts in parts ends', async () => {
    const nested = Array.from(
      { length: 10_000 },
      (_, n) => `Content-Type: multipart/mixed; boundary=b${n}\r\n\r\n--b${n}\r\n`,
    );
    expect(await outcomeOf('a.eml', `${head}${nested.join('')}\r\nx`)).toBe('malformed');
    const forwarded = Array.from({ length: 200 }, () => `${head}Content-Type: message/rfc822\r\n\r\n`).join('');
    expect(await outcomeOf('a.eml', `${forwarded}${head}\r\nx`)).toContain('not read: too deep inside mails');
  });

  it('with thousands of attachments or an endless header is refused', async () => {
    const part = '--x\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nx\r\n';
    const many = `${head}Content-Type: multipart/mixed; boundary=x\r\n\r\n${part.repeat(10_000)}--x--`;
    expect(await outcomeOf('a.eml', many)).toBe('too_large');
    expect(await outcomeOf('a.eml', `${head}X-Long: ${'y'.repeat(2_000_000)}\r\n\r\nx`)).toBe('malformed');
    expect(await outcomeOf('a.eml', `${head}To: ${'<'.repeat(200_000)}\r\n\r\nx`)).toContain('x');
    expect(await outcomeOf('a.eml', `${head}Subject: ${'=?utf-8?q?'.repeat(20_000)}\r\n\r\nx`)).toContain('x');
  });
});

it('one line of megabytes is text in every format of text', async () => {
  const line = 'word '.repeat(400_000);
  const before: Readonly<Record<string, string>> = { 'a.eml': 'From: a\r\n\r\n', 'a.csv': 'header\n' };
  for (const name of ['a.txt', 'a.csv', 'a.html', 'a.eml', 'a.md']) {
    expect((await outcomeOf(name, `${before[name] ?? ''}${line}`)).length).toBeGreaterThan(1_000_000);
  }
});

describe('bytes changed at random', () => {
  const seed = Number(process.env.FUZZ_SEED ?? randomBytes(4).readUInt32LE());
  console.log(`seed ${seed}`);
  const handbook = (name: string) => readFileSync(path.join(__dirname, '../../../examples/handbook', name));
  const originals: Readonly<Record<string, Buffer>> = {
    'a.pdf': handbook('finance/corporate-cards.pdf'),
    'a.docx': officeFile('docx', {}, { level: 0 }),
    'b.docx': handbook('people/hiring.docx'),
    'a.xlsx': handbook('finance/budget.xlsx'),
    'b.xlsx': officeFile('xlsx', {}, { level: 0 }),
    'a.pptx': officeFile('pptx', {}, { level: 0 }),
    'b.pptx': handbook('products/roadmap.pptx'),
    'a.eml': handbook('customers/complaint-mirefield.eml'),
    'a.html': handbook('people/working-hours.html'),
    'a.md': handbook('people/leave.md'),
    'a.csv': handbook('people/team-directory.csv'),
    'a.json': handbook('finance/travel-claims.json'),
  };

  it.each(Object.entries(originals))('of %s end as text or as a dead letter', async (name, original) => {
    const position = fc.nat(original.length - 1);
    const change = fc.record({ position, bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }) });
    const changes = fc.record({ changes: fc.array(change, { minLength: 1, maxLength: 6 }), end: fc.option(position) });
    await fc.assert(
      fc.asyncProperty(changes, async ({ changes, end }) => {
        const changed = Buffer.from(original);
        for (const { position, bytes } of changes) changed.set(bytes.slice(0, changed.length - position), position);
        expect(await outcomeOf(name, end === null ? changed : changed.subarray(0, end))).toBeDefined();
      }),
      { seed, numRuns: 30, endOnFailure: true },
    );
  });
});
