import { initialRisk, riskFloor, wordsOf } from '../../../operations/tools/policy/tool-risk';

describe('the risk that a name suggests', () => {
  it.each([
    ['delete_file', 'critical'],
    ['removeUser', 'critical'],
    ['writeFile', 'high'],
    ['run-query', 'high'],
    ['set_color', 'medium'],
    ['HTTPGet', 'low'],
    ['listTargets', 'low'],
    ['targets', 'medium'],
    ['settings', 'medium'],
    ['getAndDelete', 'critical'],
    ['löschen', 'medium'],
  ])('%s is %s', (name, risk) => {
    expect(initialRisk(name, undefined)).toBe(risk);
  });

  it('is raised by what the server admits and never lowered by what it claims', () => {
    expect(initialRisk('get_thing', { destructiveHint: true })).toBe('high');
    expect(initialRisk('get_thing', { readOnlyHint: false })).toBe('medium');
    expect(initialRisk('delete_thing', { readOnlyHint: true, destructiveHint: false })).toBe('critical');
    expect(initialRisk('delete_thing', { destructiveHint: true })).toBe('critical');
  });

  it('has a floor where a word is critical', () => {
    expect(riskFloor('drop_table')).toBe('high');
    expect(riskFloor('dropdown_list')).toBe('low');
  });

  it('takes names apart at case and punctuation', () => {
    expect(wordsOf('parseHTMLPage2Text__now')).toEqual(['parse', 'html', 'page2', 'text', 'now']);
  });
});
