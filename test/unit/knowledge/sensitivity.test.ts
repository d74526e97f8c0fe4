import { findCategories } from '../../../activities/knowledge/categories';
import { classifySensitivity, keepCategories } from '../../../operations/knowledge/sensitivity';

describe('classifySensitivity', () => {
  it.each([
    [{ ssn: 1 }, [], true, 'restricted'],
    [{ credit_card: 1 }, [], false, 'restricted'],
    [{ iban: 1 }, [], false, 'restricted'],
    [{ password: 1 }, [], false, 'restricted'],
    [{ api_key: 1, email: 9 }, ['legal'], true, 'restricted'],
    [{ email: 5 }, [], true, 'confidential'],
    [{ email: 3, phone: 2 }, [], false, 'confidential'],
    [{ email: 1 }, ['healthcare'], false, 'confidential'],
    [{ email: 1 }, ['legal'], false, 'confidential'],
    [{ email: 1 }, ['financial'], false, 'confidential'],
    [{ phone: 1 }, ['personal'], false, 'confidential'],
    [{ email: 4 }, ['technical'], true, 'internal'],
    [{}, [], true, 'public'],
    [{ email: 0 }, ['technical', 'documentation'], true, 'public'],
    [{}, ['legal'], true, 'internal'],
    [{}, [], false, 'internal'],
  ] as [Record<string, number>, string[], boolean, string][])(
    '%j with %j, public %s, is %s',
    (findingCounts, categories, declaredPublic, level) => {
      expect(classifySensitivity({ findingCounts, categories, declaredPublic }).level).toBe(level);
    },
  );
});

describe('findCategories', () => {
  it.each([
    ['The API returned an Error.', ['technical']],
    ['payments, classes, rename, apis', []],
    ['See the guide on billing and privacy', ['documentation', 'financial', 'legal']],
    ['patient name', ['personal', 'healthcare']],
    ['naïve_code énameé', []],
    ['', []],
  ])('of %j are %j', (text, expected) => {
    expect(findCategories(text)).toEqual(expected);
  });
});

it('keepCategories wants a tenth of the documents, and one at least', () => {
  expect(keepCategories({ legal: 1 }, 10)).toEqual(['legal']);
  expect(keepCategories({ legal: 1, technical: 2 }, 11)).toEqual(['technical']);
  expect(keepCategories({ legal: 1, financial: 0 }, 3)).toEqual(['legal']);
  expect(keepCategories({}, 0)).toEqual([]);
});
