import { createFinding, type Finding, hintScore, weakScore } from './finding';
import { letter, upper } from './words';

const part = `(?:[${upper}][${letter}'’-]{1,24}|[${upper}](?:\\.|(?![${letter}'’])))`;
const particle = '(?:(?:van|von|de|der|den|del|della|di|da|dos|la|le|bin|al|el|ter|zu|af|y|e) ){0,2}';
const name = (min: number) => `${part}(?: ${particle}${part}){${min - 1},4}`;

interface Context {
  readonly rule: string;
  readonly score: number;
  /** Without a look at what is around, so that all of the text is passed quickly. */
  readonly anchor: RegExp;
  /** What stands up to the end of the anchor, within a line's beginning. */
  readonly before?: RegExp;
  readonly name: RegExp;
}

const endsHere = '(?= {0,2}[,!:\\r\\n]|$)';
const nameOf = (words: number, ends = '') => new RegExp(`${name(words)}(?![${letter}])${ends}`, 'y');
const reach = 48;

const contexts: readonly Context[] = [
  {
    rule: 'name_titled',
    score: hintScore,
    anchor:
      /(?:M(?:rs?|s|x|iss|me|lle|onsieur|adame)|Dr|Prof|Professor|Herrn?|Frau|Señora?|Sra|Srta|Signora?|Sig|Dott)\.? (?:(?:Dr|Prof)\.? )?/g,
    before: new RegExp(`(?:^|[^${letter}\\d])[${letter}]{2,10}\\.? (?:(?:Dr|Prof)\\.? )?$`),
    name: nameOf(1),
  },
  {
    rule: 'name_labelled',
    score: hintScore,
    anchor: /(?:[Nn]ame|NAME|[Nn]ombre|[Nn]om|[Nn]aam)["']? ?[:=] {0,20}["']?/g,
    before:
      /(?:^|[\n|;,{(\t]) {0,8}["']?(?:(?:[Ff]ull|[Cc]ustomer|[Pp]atient|[Ee]mployee|[Cc]ontact|[Cc]lient)[ _-]?)?(?:[Nn]ame|NAME|[Nn]ombre|[Nn]om|[Nn]aam)["']? ?[:=] {0,20}["']?$/,
    name: nameOf(2),
  },
  {
    rule: 'name_labelled',
    score: hintScore,
    anchor:
      /(?:[Ff](?:irst|amily)|[Ll]ast|[Gg]iven|[Mm]iddle|[Mm]aiden)[ _-]?[Nn]ame["']? ?[:=] {0,20}["']?|(?:[Ss]urname|[VvNn](?:or|ach)name|[Pp]rénom|[Aa]pellidos?|[Cc]ognome|[VvAa](?:oor|chter)naam|[FfEe](?:ör|fter)namn)["']? ?[:=] {0,20}["']?/g,
    name: nameOf(1),
  },
  {
    rule: 'name_told',
    score: hintScore,
    anchor:
      /(?:[Mm]y|[Hh]is|[Hh]er) (?:(?:full|maiden|first|last) )?name is |(?:[Mm]ein Name ist|[Ii]ch heiße|[Mm]['’]appelle|[Mm](?:e llamo|i nombre es|i chiamo|eu nome é)) /g,
    name: nameOf(1),
  },
  {
    rule: 'name_greeted',
    score: weakScore,
    anchor: /(?:Dear|Hi|Hello|Liebe|Lieber|Cher|Chère|Car[oa]|Estimad[oa]|Querid[oa]|Beste|Hej|Kære) /g,
    before: new RegExp(`(?:^|\\n) {0,8}[${letter}]{2,8} $`),
    name: nameOf(1, endsHere),
  },
  {
    rule: 'name_signed',
    score: weakScore,
    anchor:
      /(?:[Rr]egards|[Ss]incerely|[Tt]ruly|[Ff]aithfully|[Cc]heers|[Gg]rüßen?|[Cc]ordialement|[Ss]aludos|[Ss]aluti|[Gg]roet(?:en)?|[Hh]älsningar),?[ \r]{0,2}\n\s{0,8}/g,
    name: nameOf(2, endsHere),
  },
];

/** Words that stand where a name would, and titles that became a brand's. */
const noName =
  /^(?:Sir|Madam|Customers?|Team|All|Colleagues?|Friends?|World|Everyone|There|Hiring|Committee|Members?|Support|Users?|Readers?|Pepper|Martens|Oetker|Clean|Beat|Universe|America|President|Chair(?:man)?|Unknown|None|Null|Anonymous|Not|The|Your|Kunde|Kundin|Herren|Damen|Collègues)(?![a-z])/;
/** The last word tells that the whole is an organisation or a thing. */
const noPerson =
  /(?:Inc|Ltd|LLC|GmbH|AG|SA|Corp|Company|Group|Bank|University|Institute|Department|Services?|Platform|Software|System|Suite|Edition|Project|Product|Server|Database|Report|Policy|Plan|Handbook|Office|Center|Centre|Foundation|Association|Hotel|Street|Airport)\.?$/;

/**
 * Names of persons in a place that says so: behind a title or a label, in a greeting, a signature or a telling. A name
 * alone is not told from any other capitalised words, and names count for no level: every document has some.
 */
export function findNames(text: string): Finding[] {
  return contexts.flatMap((context) => findIn(text, context));
}

function findIn(text: string, { rule, score, anchor, before, name: shape }: Context): Finding[] {
  const findings: Finding[] = [];
  anchor.lastIndex = 0;
  for (let match = anchor.exec(text); match !== null; match = anchor.exec(text)) {
    const start = anchor.lastIndex;
    shape.lastIndex = start;
    const value = shape.exec(text)?.[0];
    if (value === undefined || noName.test(value) || noPerson.test(value)) continue;
    if (before !== undefined && !before.test(text.slice(Math.max(0, match.index - reach), start))) continue;
    findings.push(createFinding('name', start, start + value.length, rule, score));
    anchor.lastIndex = start + value.length;
  }
  return findings;
}
