import { readFileSync } from 'node:fs';
import path from 'node:path';
import { zipSync } from 'fflate';
import { createParser } from '../../../activities/adapters/parser';
import {
  inlineCell,
  officeFile,
  relations,
  sheet,
  slide,
  wordDocument,
  wordParagraph,
} from '../../support/office-files';
import { textPdf } from '../../support/pdf-files';

const parser = createParser();
afterAll(() => parser.close());

const parse = (name: string, content: string | Buffer) =>
  parser.parse({ name, read: async () => Buffer.from(content as string) });
const example = (name: string) => readFileSync(path.join(__dirname, '../../../examples/handbook', name));

describe('documents as other programs write them', () => {
  it('of PDF have their pages divided by form feeds', async () => {
    const { format, text } = await parse('boat-rules.pdf', example('safety/boat-rules.pdf'));
    expect(format).toBe('pdf');
    const [first, second, ...others] = text.split('\f');
    expect(first).toContain('1 Check the forecast for wind and swell. Above five Beaufort');
    expect(second).toContain('The ladder hangs at the stern, on the port\nside.');
    expect(others).toEqual([]);
  });

  it('of Word have paragraphs, lists and tables', async () => {
    const { format, text } = await parse('remote-work.docx', example('people/remote-work.docx'));
    expect(format).toBe('docx');
    expect(text).toContain('Working from elsewhere\n\nOwner: People team.');
    expect(text).toContain('* Outside of it: only with permission in writing, because of taxes and insurance.');
    expect(text).toContain('Internet access everyone 20 euros a month');
  });

  it('of Excel have a line per value under the name of their sheet', async () => {
    const { format, text } = await parse('payroll-calendar.xlsx', example('people/payroll-calendar.xlsx'));
    expect(format).toBe('xlsx');
    const [days, accounts] = text.split('\f');
    expect(days).toContain('Pay days\n\nmonth: January\nsalary paid on: 2026-01-28\nclaims approved by: 2026-01-14');
    expect(accounts).toContain('Bank accounts\n\nemployee: Elowen Fairbrother\naccount: GB29 NWBK 6016 1331 9268 19');
  });

  it('of PowerPoint have slides with tables and notes', async () => {
    const { format, text } = await parse('onboarding-day.pptx', example('people/onboarding-day.pptx'));
    expect(format).toBe('pptx');
    const slides = text.split('\f');
    expect(slides).toHaveLength(4);
    expect(slides[2]).toContain('Time | Place | Host\n\n13:30 | Workshop | Ruben Oyelaran');
    expect(slides[2]).toContain('The wave tank is loud');
  });

  it('of mail have headers, text and attachments', async () => {
    const complaint = await parse('complaint.eml', example('customers/complaint-mirefield.eml'));
    expect(complaint.format).toBe('eml');
    expect(complaint.text).toContain(
      'Subject: Readings of gauge H-522 jump at low water\nFrom: Harbour office Mirefield <',
    );
    expect(complaint.text).toContain('Attachment: readings.csv\n\ntime: 2026-02-07T05:10\nH-522: 412');
    const invitation = await parse('regatta.eml', example('people/regatta-invitation.eml'));
    expect(invitation.text).toContain('Midsummer Regatta\n\nDear colleagues,');
    expect(invitation.text).not.toContain('almanac.fernhollow.example');
  });
});

it.each([
  ['a.txt', officeFile('docx'), 'docx'],
  ['a.pdf', officeFile('xlsx'), 'xlsx'],
  ['a', officeFile('pptx'), 'pptx'],
  ['a.docx', textPdf(['words']), 'pdf'],
  ['a.csv', textPdf(['words']), 'pdf'],
  ['a.pdf', 'words', 'text'],
  ['a.docx', '<!doctype html><p>words', 'html'],
  ['a.csv', '<!doctype html><p>words', 'html'],
  ['a.xlsx', '{"a":"words"}', 'json'],
  ['a.eml', 'no header, words only', 'text'],
  ['mail', 'From: a@b.example\nTo: c@d.example\nSubject: words\n\ntext', 'eml'],
  ['notes.md', 'From: a\nTo: b\nSubject: words\n\ntext', 'markdown'],
])('%s is read as what it is', async (name, content, format) => {
  const parsed = await parse(name, content);
  expect(parsed.format).toBe(format);
  expect(parsed.text).toContain('words');
});

it.each([
  ['a.pdf', textPdf(['', '']), 'scanned', 'text layer'],
  [
    'a.pdf',
    textPdf(['words'], {
      trailer:
        '/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -44 /O <0000000000000000000000000000000000000000000000000000000000000000> /U <0000000000000000000000000000000000000000000000000000000000000000> >> /ID [<00> <00>]',
    }),
    'encrypted',
    'password',
  ],
  [
    'a.docx',
    Buffer.from(`d0cf11e0a1b11ae1${Buffer.from('EncryptedPackage', 'utf16le').toString('hex')}`, 'hex'),
    'encrypted',
    'password',
  ],
  ['a.doc', Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'unknown_format', 'before 2007'],
  ['a.docx', Buffer.from(zipSync({ 'a.txt': Buffer.from('words') })), 'unknown_format', 'archive'],
  ['a.docx', officeFile('docx', { 'word/document.xml': wordDocument('') }), 'empty', 'no text'],
  ['a.pptx', officeFile('pptx', { 'ppt/slides/slide1.xml': slide('') }), 'empty', 'no text'],
  ['a.eml', 'Content-Type: text/plain\n\n', 'empty', 'no text'],
])('%s is a dead letter that says why', async (name, content, code, words) => {
  await expect(parse(name, content)).rejects.toMatchObject({
    name: 'UnreadableDocument',
    code,
    message: expect.stringContaining(words),
  });
});

it('keeps the number of a page when others are empty', async () => {
  const { text } = await parse('a.pdf', textPdf(['', 'second', '', 'fourth']));
  expect(text.split('\f').map((page) => page.trim())).toEqual(['', 'second', '', 'fourth']);
});

it('reads notes of Word, sparse and formatted cells of Excel, and slides in their order', async () => {
  const rows = `<row r="3">${inlineCell('B3', 'name')}${inlineCell('D3', 'done')}</row><row r="5">${inlineCell('B5', 'Ann')}<c r="D5" t="b"><v>1</v></c><c r="F5"><v>0.5</v></c></row>`;
  expect((await parse('a.xlsx', officeFile('xlsx', { 'xl/worksheets/sheet1.xml': sheet(rows) }))).text).toBe(
    'First\n\nname: Ann\ndone: true\ncolumn 6: 0.5',
  );
  const slides = officeFile('pptx', {
    'ppt/presentation.xml':
      '<p:presentation xmlns:p="urn:p" xmlns:r="urn:r"><p:sldId r:id="rId2"/><p:sldId r:id="rId1"/></p:presentation>',
    'ppt/_rels/presentation.xml.rels': relations([
      ['rId1', 'slide', '/ppt/slides/slide1.xml'],
      ['rId2', 'slide', 'slides/slide2.xml'],
    ]),
    'ppt/slides/slide2.xml': slide('two &amp; more'),
  });
  expect((await parse('a.pptx', slides)).text).toBe('two & more\n\f\nwords');
  const twoParagraphs = officeFile('docx', {
    'word/document.xml': wordDocument(wordParagraph('a') + wordParagraph('b')),
  });
  expect((await parse('a.docx', twoParagraphs)).text).toBe('a\n\nb');
});

it('reads mails within mails, and names what it does not read', async () => {
  const part = (type: string, name: string, content: string) =>
    `--x\r\nContent-Type: ${type}; name="${name}"\r\nContent-Disposition: attachment; filename="${name}"\r\n\r\n${content}\r\n`;
  const inner = 'From: in@b.example\r\nSubject: inner\r\n\r\ninner words';
  const parts =
    part('message/rfc822', 'forwarded.eml', inner) +
    part('application/octet-stream', '../../x.bin', '\u0001\u0000\u0002');
  const mail = `From: =?utf-8?q?J=C3=B6rg?= <j@b.example>\r\nSubject: outer\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nouter words\r\n${parts}--x--\r\n`;
  const { text } = await parse('a.eml', mail);
  expect(text).toContain('From: Jörg <j@b.example>\n\nouter words');
  expect(text).toContain('Attachment: forwarded.eml\n\nSubject: inner\nFrom: in@b.example\n\ninner words');
  expect(text).toMatch(/Attachment: .*x\.bin \(not read: unknown_format\)$/);
});
