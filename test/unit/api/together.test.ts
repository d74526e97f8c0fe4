import { setImmediate as turn } from 'node:timers/promises';
import { together } from '../../../api/middleware/together';

interface Question {
  readonly subject: string;
  readonly wanted: number;
  answer(answers: readonly string[]): void;
  fail(error: Error): void;
}

function asked() {
  const questions: Question[] = [];
  const ask = together<string>(
    (subject, wanted) =>
      new Promise((answer, fail) => {
        questions.push({ subject, wanted, answer, fail });
      }),
  );
  return { questions, ask };
}

describe('together', () => {
  it('asks at once for the first, then once for all who came meanwhile, each with the answer of its place', async () => {
    const { questions, ask } = asked();
    const first = ask('a');
    const others = [ask('a'), ask('a')];
    const neighbour = ask('b');
    expect(questions.map(({ subject, wanted }) => [subject, wanted])).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
    questions[0]?.answer(['1']);
    questions[1]?.answer(['n']);
    await expect(Promise.all([first, neighbour])).resolves.toEqual(['1', 'n']);
    expect(questions[2]).toMatchObject({ subject: 'a', wanted: 2 });
    const late = ask('a');
    questions[2]?.answer(['2', '3']);
    await expect(Promise.all(others)).resolves.toEqual(['2', '3']);
    expect(questions[3]).toMatchObject({ subject: 'a', wanted: 1 });
    questions[3]?.answer(['4']);
    await expect(late).resolves.toBe('4');
  });

  it('fails those only whose question failed, and asks anew when nobody has waited', async () => {
    const { questions, ask } = asked();
    const [first, second] = [ask('a'), ask('a')];
    questions[0]?.fail(new Error('away'));
    await expect(first).rejects.toThrow('away');
    questions[1]?.answer(['2']);
    await expect(second).resolves.toBe('2');
    await turn();
    const third = ask('a');
    expect(questions[2]).toMatchObject({ subject: 'a', wanted: 1 });
    questions[2]?.answer(['3']);
    await expect(third).resolves.toBe('3');
  });
});
