import fc from 'fast-check';
import { detectPersonalData } from '../../../activities/knowledge/detectors';
import { countedScoreMin } from '../../../contracts/classification';

const found = (text: string) =>
  detectPersonalData(text).map(({ kind, start, end }) => `${kind} ${text.slice(start, end)}`);

it.each([
  ['Date of birth: 12/03/1980', '12/03/1980'],
  ['DOB 1980-03-12, London', '1980-03-12'],
  ['D.O.B.: 31.12.1999.', '31.12.1999'],
  ["Please tell me your date of birth. It's 1/14/1961", '1/14/1961'],
  ['Birthday: March 12, 1980', 'March 12, 1980'],
  ['birth date is 12th of March 1980', '12th of March 1980'],
  ['Geburtsdatum: 3. März 1980', '3. März 1980'],
  ['Date de naissance : 1er février 1972', '1er février 1972'],
  ['Fecha de nacimiento: 5 de mayo de 1991', '5 de mayo de 1991'],
  ['Data di nascita 05/12/1991', '05/12/1991'],
  ['Geboortedatum: 29-02-2000', '29-02-2000'],
  ['Fødselsdato: 24.12.1970', '24.12.1970'],
  ['生年月日：1980/03/12', '1980/03/12'],
  ['She was born on 10/5/1971. Her', '10/5/1971'],
  ['geboren am 3. Mai 1955', '3. Mai 1955'],
])('finds the date of birth in %j', (text, value) => {
  expect(found(text)).toEqual([`date_of_birth ${value}`]);
});

it.each([
  'Invoice of 12/03/2024, due 2024-04-12',
  'Date of birth: 31/02/1980',
  'Date of birth: 00/12/1980 or 1980-13-40',
  'date of birth: 12/03/2999',
  'Date of birth: unknown. The contract was signed by both sides on the day of 12/03/2020',
  'The birth rate of 12/03/1999',
  'Born to run. Released on 25/08/1975',
  'newborn on 12/03/1980',
  'version 12.03.1980.4',
])('finds no date of birth in %j', (text) => {
  expect(found(text).filter((each) => each.startsWith('date_of_birth'))).toEqual([]);
});

it.each([
  ['Send it to 12 Elm Street, Springfield, IL 62704 today', '12 Elm Street, Springfield, IL 62704'],
  ['at 221B Baker Street, London NW1 6XE.', '221B Baker Street, London NW1 6XE'],
  ['100 King St W, Suite 5600', '100 King St'],
  ['Lindenstraße 12a, 10969 Berlin', 'Lindenstraße 12a, 10969 Berlin'],
  ['12 bis, rue de la Paix, 75002 Paris', '12 bis, rue de la Paix, 75002 Paris'],
  ['Calle Mayor 5, 28013 Madrid', 'Calle Mayor 5, 28013 Madrid'],
  ['in Via Roma, 131, 10121 Torino', 'Via Roma, 131, 10121 Torino'],
  ['Keizersgracht 123, 1015 CJ Amsterdam', 'Keizersgracht 123, 1015 CJ Amsterdam'],
  ['Nybyvägen 65, 123 45 Ankarsrum', 'Nybyvägen 65, 123 45 Ankarsrum'],
  ['ul. Zamkowa 33', 'ul. Zamkowa 33'],
  ['P.O. Box 1234', 'P.O. Box 1234'],
  ['PSC 4095, Box 8316\nAPO AE 85103', 'APO AE 85103'],
])('finds the address in %j', (text, value) => {
  expect(found(text)).toContain(`address ${value}`);
});

it.each([
  'Apple iPhone 15 Pro Max',
  'In 2019 Wall Street fell',
  'See Monitoring 5 and Spring 2024',
  'String 5, Engineering 101, Brigade 3',
  'Windows 10 Home, 3 Gateways, 12 monkeys',
  'Chapter 4 The Way',
  'Platz 1 im Rennen',
  'Version 1.2 Road map',
])('finds no address in %j', (text) => {
  expect(found(text)).toEqual([]);
});

it.each([
  ['Ask Mrs. Jane van der Berg about it', 'Jane van der Berg'],
  ['Sehr geehrter Herr Dr. Müller,', 'Müller'],
  ['Name: Fredrik L Sommerseth\nAge: 4', 'Fredrik L Sommerseth'],
  ['{"last_name": "Okafor"}', 'Okafor'],
  ['Vorname: Jürgen', 'Jürgen'],
  ['My name is Rubija', 'Rubija'],
  ["Je m'appelle Zoé Lefèvre", 'Zoé Lefèvre'],
  ['Dear Anna,\nthank you', 'Anna'],
  ['Kind regards,\nPiotr Nowak\nSales', 'Piotr Nowak'],
])('finds the name in %j', (text, value) => {
  expect(found(text)).toEqual([`name ${value}`]);
});

it.each([
  'A can of Dr. Pepper and shoes of Dr. Martens',
  'Product name: Blue Heron',
  'Name: Heron Platform',
  'file name: README',
  'Dear Customer,\nDear Sir,\nHello World',
  'Visit New York and Blue Heron Lake',
  'Best regards,\nThe Team',
  'Mr Universe',
])('finds no name in %j', (text) => {
  expect(found(text)).toEqual([]);
});

it('counts a labelled date of birth; what is told, addresses and names are shown only', () => {
  const text = `Date of birth: 12/03/1980
    She was born on 10/5/1971
    12 Elm Street, Springfield, IL 62704
    Mrs. Jane Doe`;
  const counted = detectPersonalData(text).filter(({ score }) => score >= countedScoreMin);
  expect(detectPersonalData(text)).toHaveLength(4);
  expect(counted.map(({ rule }) => rule)).toEqual(['birth_date_labelled']);
});

it('finds every possible date of birth, and none that cannot be', () => {
  const seed = Date.now();
  console.log(`seed ${seed}`);
  const two = (value: number) => String(value).padStart(2, '0');
  fc.assert(
    fc.property(
      fc.integer({ min: 1890, max: 2020 }),
      fc.integer({ min: 0, max: 15 }),
      fc.integer({ min: 0, max: 40 }),
      (year, month, day) => {
        const date = new Date(Date.UTC(year, month - 1, day));
        const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && month > 0;
        const value = `${year}-${two(month)}-${two(day)}`;
        expect(found(`Date of birth: ${value}`).filter((each) => each.startsWith('date_of_birth'))).toEqual(
          exists ? [`date_of_birth ${value}`] : [],
        );
      },
    ),
    { seed, numRuns: 500 },
  );
});
