import { letter, upper } from './words';

const word = `[${upper}][${letter}'’.-]{0,24}`;
const words = (max: number) => `(?:${word} ){1,${max}}`;

const englishTypes =
  'Street|St|Road|Rd|Avenue|Ave|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Terrace|Way|Close|Crescent|Cres|Parkway|Pkwy|Highway|Hwy|Circle|Cir|Trail|Gardens|Grove|Row|Mews|Walk|Alley|Plaza|Loop';
const romanceTypes =
  '[Rr]ue|[Aa]venue|[Aa]v\\.|[Bb]oulevard|[Bb]d\\.?|[Pp]lace|[Cc]hemin|[Ii]mpasse|[Aa]llée|[Qq]uai|[Cc]ours|[Rr]oute|[Pp]assage';
const particles = "(?:de la |de l['’]|des |du |de |d['’]|la |le |les |dei |del |della |do |da |dos |das )?";

/** What follows a house number: `12 Elm Street`, `3 bis, rue de la Paix`. Sticky. */
export const afterNumber = new RegExp(
  `(?:[A-Za-z]?,? (?:[NSEW]\\.? )?(?!(?:The|This|That|These|Our|Your|My|One|No) )${words(4)}(?:${englishTypes})(?:\\.|(?![${letter}]))|(?: ?(?:bis|ter))?,? (?:${romanceTypes}) ${particles}${word}(?: ${particles}${word}){0,3})`,
  'y',
);

const suffixes =
  'straße|strasse|str\\.?|weg|gasse|allee|platz|damm|ufer|[Rr]ing|gatan|gränd|torget|vägen|gata|veien|vegen|vej|gade|stræde|braut|katu|straat|laan|plein|gracht|dijk|singel';
const detached = 'Straße|Strasse|Str\\.?|Weg|Allee|Platz|utca|út|tér|körút|Road|Street';
const prefixes =
  'Calle|C/|Avenida|Avda\\.?|Av\\.|Plaza|Paseo|Camino|Via|Viale|Piazza|Corso|Vicolo|Rua|Praça|Travessa|[Uu]l\\.|[Aa]l\\.|[Rr]ue|[Aa]venue|[Bb]oulevard|[Cc]hemin';

/** The last words before a house number when they are a street: `Lindenstraße`, `Belgrád út`. */
export const streetWord = new RegExp(
  `(?:(?:${word} ){1,2}(?:${detached})|(?:${word} )?[${upper}][${letter}-]{1,24}(?:${suffixes}))$`,
);
export const streetWordEnd = new RegExp(`(?:${suffixes}| (?:${detached}))$`);
/** English words that end like a street elsewhere. */
export const notStreetEnd = /(?:[Ss]pring|[Ss]tring|[Ww]ing|[Kk]ing|during|[eoua]ring|iring|[Bb]rigade|renegade)$/;
/** A street whose kind comes first: `Via Roma`, `C/ Mayor`. */
export const streetAfterKind = new RegExp(
  `(?<![${letter}])(?:${prefixes}) ?${particles}${word}(?: ${particles}${word}){0,3}$`,
);
export const kindFirst =
  /(?:C(?:alle|\/|amino|orso|hemin)|A(?:venida|vda|v|l)|P(?:laza|aseo|iazza|raça)|Vi(?:a|ale|colo)|R(?:ua|ue)|Travessa|ul|al|rue|[Aa]venue|[Bb]oulevard|chemin)[ .]/;

const city = `[${upper}][${letter}'’.-]{1,30}(?:[ -](?:[${upper}][${letter}'’.-]{1,30}|an der|am|sur|de|la|le|del)){0,3}`;
const unit = '[,\\s]{1,4}(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor)\\.? ?#?\\w{1,6}';
const codes = '\\d{5}(?:-\\d{4})?|[A-Z]{1,2}\\d[\\dA-Z]? ?\\d[A-Z]{2}|[A-Z]\\d[A-Z] ?\\d[A-Z]\\d|\\d{4}';

export const unitAfter = new RegExp(unit, 'y');
/** Postcode and city, in either order, with a state or country between. Sticky. */
export const placeAfter = new RegExp(
  `[,\\s]{1,6}(?:(?:[A-Z]{1,2}-)?(?:\\d{3} \\d{2}|\\d{4,5}(?: ?[A-Z]{2}(?![A-Za-z]))?) ${city}|${city}(?:[,\\s]{1,6}(?:[A-Z]{2}|${city}))?[,\\s]{1,4}(?:${codes})(?![\\w]))`,
  'y',
);
