import path from 'node:path';
import type { SaxesTagPlain } from 'saxes';
import { UnreadableDocument } from '../../port';
import { bounds } from '../bounds';
import { readParts } from './read-parts';
import { readXml } from './read-xml';

type Parts = ReadonlyMap<string, Buffer>;

const unread = /^ppt\/(?:slideMasters|slideLayouts|theme|media)\//;

/** Words of every slide in the order of the presentation, its notes behind it; a form feed between slides. */
export function parsePptx(bytes: Buffer): string {
  const parts = readParts(bytes, (name) => /^ppt\/.*\.(?:xml|rels)$/i.test(name) && !unread.test(name));
  const presentation = parts.get('ppt/presentation.xml');
  if (presentation === undefined) throw new UnreadableDocument('malformed', 'The presentation has no list of slides.');
  const targets = relations(parts, 'ppt/presentation.xml');
  const slides = slideIds(presentation).flatMap((id) => targets.get(id)?.target ?? []);
  if (slides.length > bounds.slidesMax) {
    throw new UnreadableDocument('too_large', `The presentation has more than ${bounds.slidesMax} slides.`);
  }
  return slides.map((slide) => slideText(parts, slide)).join('\n\f\n');
}

function slideIds(presentation: Buffer): string[] {
  const ids: string[] = [];
  readXml(presentation, {
    open({ name, attributes }) {
      if (localName(name) === 'sldId') ids.push(attributes['r:id'] ?? '');
    },
  });
  return ids;
}

function slideText(parts: Parts, slide: string): string {
  const body = parts.get(slide);
  if (body === undefined) return '';
  const notes = [...relations(parts, slide).values()].find(({ type }) => type.endsWith('/notesSlide'));
  const notesBody = notes && parts.get(notes.target);
  return [paragraphs(body), ...(notesBody ? [paragraphs(notesBody)] : [])].filter((text) => text !== '').join('\n\n');
}

/** Text runs by paragraph; cells of a table row stand in one line. Fields (numbers, dates of the slide) are left out. */
function paragraphs(xml: Buffer): string {
  const blocks: string[] = [];
  let cells: string[] | undefined;
  let text = '';
  let isRun = false;
  let isField = false;
  readXml(xml, {
    open({ name }) {
      const local = localName(name);
      if (local === 't') isRun = !isField;
      else if (local === 'fld') isField = true;
      else if (local === 'br') text += '\n';
      else if (local === 'tr') cells = [];
    },
    text(part) {
      if (isRun) text += part;
    },
    close({ name }: SaxesTagPlain) {
      const local = localName(name);
      if (local === 't') isRun = false;
      else if (local === 'fld') isField = false;
      else if (local === 'p' && text.trim() !== '') {
        (cells ?? blocks).push(text.trim());
        text = '';
      } else if (local === 'tr') {
        if (cells && cells.length > 0) blocks.push(cells.join(' | '));
        cells = undefined;
      }
    },
  });
  return blocks.join('\n\n');
}

interface Relation {
  readonly type: string;
  readonly target: string;
}

/** Relations of a part by id; targets are names in the parts, whatever steps they take. */
function relations(parts: Parts, part: string): Map<string, Relation> {
  const found = new Map<string, Relation>();
  const folder = path.posix.dirname(part);
  const xml = parts.get(`${folder}/_rels/${path.posix.basename(part)}.rels`);
  if (xml === undefined) return found;
  readXml(xml, {
    open({ name, attributes: { Id = '', Type = '', Target = '', TargetMode } }) {
      if (localName(name) !== 'Relationship' || TargetMode === 'External') return;
      const target = Target.startsWith('/') ? Target.slice(1) : path.posix.join(folder, Target);
      found.set(Id, { type: Type, target });
    },
  });
  return found;
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
