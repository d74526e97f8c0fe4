import type { Address, Attachment, Email } from 'postal-mime';
import PostalMime from 'postal-mime';
import { type ParsedDocument, UnreadableDocument } from '../port';
import { bounds } from './bounds';
import { orDamaged } from './or-damaged';
import { parseHtml } from './parse-html';

export interface MailOptions {
  readonly mailDepth: number;
  readDocument(document: {
    readonly name: string;
    readonly bytes: Buffer;
    readonly mailDepth: number;
  }): Promise<ParsedDocument>;
}

/** Headers that say who wrote what to whom, the text, and each attachment by name and, where it can be read, by its text. */
export async function parseEml(bytes: Buffer, options: MailOptions): Promise<string> {
  const mail = await orDamaged('mail', () =>
    PostalMime.parse(bytes, {
      maxNestingDepth: bounds.mailPartsDepthMax,
      maxHeadersSize: bounds.mailHeaderBytesMax,
      forceRfc822Attachments: true,
    }),
  );
  if (mail.headers.length === 0) throw new UnreadableDocument('malformed', 'The mail has no headers.');
  if (mail.attachments.length > bounds.attachmentsMax) {
    throw new UnreadableDocument('too_large', `The mail has more than ${bounds.attachmentsMax} attachments.`);
  }
  const blocks = [headerText(mail), bodyText(mail)];
  for (const attachment of mail.attachments) blocks.push(await attachmentText(attachment, options));
  return blocks.filter((block) => block !== '').join('\n\n');
}

function headerText({ subject, from, to, cc, date }: Email): string {
  const lines = [
    ['Subject', subject],
    ['From', addresses(from && [from])],
    ['To', addresses(to)],
    ['Cc', addresses(cc)],
    ['Date', date],
  ];
  return lines.flatMap(([name, value]) => (value ? [`${name}: ${value}`] : [])).join('\n');
}

function addresses(list: readonly Address[] = []): string {
  return list
    .map((each) => {
      if (each.address === undefined) return `${each.name}: ${addresses(each.group)}`;
      return each.name === '' ? each.address : `${each.name} <${each.address}>`;
    })
    .join(', ');
}

function bodyText({ text, html }: Email): string {
  const plain = text?.trim() ?? '';
  return plain === '' && html ? parseHtml(html) : plain;
}

async function attachmentText(attachment: Attachment, { mailDepth, readDocument }: MailOptions): Promise<string> {
  const { filename, mimeType, content } = attachment;
  const isMail = mimeType === 'message/rfc822';
  const name = filename ?? (isMail ? 'message.eml' : 'unnamed');
  const title = `Attachment: ${name.replace(/\s+/g, ' ').slice(0, 200)}`;
  if (mailDepth + 1 > bounds.mailDepthMax) return `${title} (not read: too deep inside mails)`;
  const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.from(content as ArrayBuffer);
  try {
    const { text } = await readDocument({ name: isMail ? 'message.eml' : name, bytes, mailDepth: mailDepth + 1 });
    return `${title}\n\n${text.replaceAll('\f', '\n')}`;
  } catch (error) {
    if (!(error instanceof UnreadableDocument)) throw error;
    return `${title} (not read: ${error.code})`;
  }
}
