import path from 'node:path';
import type { SaxesTagPlain } from 'saxes';
import { UnreadableDocument } from '../../port';
import { bounds } from '../bounds';
import type { Archive } from './open-archive';
import { type ReadXml, xmlReader } from './read-xml';

interface Deck {
  readonly parts: ReadonlyMap<string, Buffer>;
  readonly readXml: ReadXml;
}

const unread = /^ppt\/(?:slideMasters|slideLayouts|theme|media)\//;

/** Words of every slide in the order of the presentation, its notes behind it; a form feed between slides. */
export function parsePptx(archive: Archive): string {
  const parts = archive.read((name) => /^ppt\/.*\.(?:xml|rels)$/i.test(name) && !unread.test(name));
  const deck: Deck = { parts, readXml: xmlReader() };
  const presentation = parts.get('ppt/presentation.xml');
  if (presentation === undefined) throw new UnreadableDocument('malformed', 'The presentation has no list of slides.');
  const targets = relations(deck, 'ppt/presentation.xml');
  const slides = slideIds(deck, presentation).flatMap((id) => targets.get(id)?.target ?? []);
  if (slides.length > bounds.slidesMax) {
    throw new UnreadableDocument('too_large', `The presentation has more than ${bounds.slidesMax} slides.`);
  }
  return slides.map((slide) => slideText(deck, slide)).join('\n\f\n');
}

function slideIds({ readXml }: Deck, presentation: Buffer): string[] {
  const ids: string[] = [];
  readXml(presentation, {
    open({ name, attributes }) {
      if (localName(name) === 'sldId') ids.push(attributes['r:id'] ?? '');
    },
  });
  return ids;
}

function slideText(deck: Deck, slide: string): string {
  const body = deck.parts.get(slide);
  if (body === undefined) return '';
  const notes = [...relations(deck, slide).values()].find(({ type }) => type.endsWith('/notesSlide'));
  const notesBody = notes && deck.parts.get(notes.target);
  return [paragraphs(deck, body), ...(notesBody ? [paragraphs(deck, notesBody)] : [])]
    .filter((text) => text !== '')
    .join('\n\n');
}

/** Text runs by paragraph; cells of a table row stand in one line. Fields (numbers, dates of the slide) are left out. */
function paragraphs({ readXml }: Deck, xml: Buffer): string {
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
function relations({ parts, readXml }: Deck, part: string): Map<string, Relation> {
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
