import { cell } from '../../../api/exports/csv';

test('no cell is a formula to a spreadsheet', () => {
  for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '  =1', '\n=1']) {
    expect(cell(text)).toBe(`"'${text}"`);
  }
});

test('quotes, line breaks and separators stay inside of their cell', () => {
  expect(cell('a "b", c\nd')).toBe('"a ""b"", c\nd"');
  expect(cell({ name: '=1' })).toBe('"{""name"":""=1""}"');
  expect([cell(null), cell(undefined), cell(-3), cell('plain')]).toEqual(['', '', '-3', '"plain"']);
});
