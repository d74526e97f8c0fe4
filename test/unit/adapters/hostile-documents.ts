import { createParser } from '../../../activities/adapters/parser';
import { UnreadableDocument } from '../../../activities/adapters/parser/port';

/** A parser that must outlive every document of the test file; to be called once at its top. */
export function hardenedParser() {
  const parser = createParser();
  afterAll(() => parser.close());

  /** As the pipeline asks, which knows the size: short documents go to their own thread. */
  const parse = (name: string, content: string | Buffer) =>
    parser.parse({ name, bytes: Buffer.byteLength(content), read: async () => Buffer.from(content as string) });

  /** The text or the dead letter; anything else fails the test. */
  async function outcomeOf(name: string, content: string | Buffer): Promise<string> {
    try {
      const { text } = await parse(name, content);
      expect(text).not.toMatch(/\0|\r|\p{Surrogate}/u);
      return text;
    } catch (error) {
      if (!(error instanceof UnreadableDocument)) throw error;
      expect(error.message.length).toBeLessThan(200);
      return error.code;
    }
  }

  afterEach(async () => {
    expect((await parse('after.txt', 'still here')).text).toBe('still here');
  });

  return { parser, parse, outcomeOf };
}
