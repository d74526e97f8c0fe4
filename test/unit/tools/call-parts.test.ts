import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { toolCallWorkflowId } from '../../../operations/tools/calls/call-id';
import { previewOf } from '../../../operations/tools/calls/preview';
import { boxWith } from '../../../vault';

describe('the id of a call', () => {
  it('is one for a caller and a key, and keeps what is written together apart', () => {
    const id = toolCallWorkflowId('ten_1', 'key_a', 'bc');
    expect(id).toMatch(/^tool:ten_1:[0-9a-f]{64}$/);
    expect(toolCallWorkflowId('ten_1', 'key_a', 'bc')).toBe(id);
    expect(toolCallWorkflowId('ten_1', 'key_ab', 'c')).not.toBe(id);
    expect(toolCallWorkflowId('ten_2', 'key_a', 'bc')).not.toBe(id);
  });
});

describe('the preview of arguments', () => {
  it.each(['password', 'apiKey', 'API-KEY', 'x_auth_header', 'clientSecret', 'card_number', 'accessToken'])(
    'hides what stands under %s',
    (name) => expect(previewOf({ inner: [{ [name]: 'the value' }] })).toBe(`{"inner":[{"${name}":"[redacted]"}]}`),
  );

  it('is short, however much there is', () => {
    const deep = Array.from({ length: 30 }).reduce<object>((inner) => ({ inner }), {});
    const preview = previewOf({ text: 'x'.repeat(100_000), list: Array.from({ length: 10_000 }, () => 'y'), deep });
    expect(preview.length).toBeLessThanOrEqual(2_000);
  });
});

describe('the box', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'aos-box-'));
    await writeFile(path.join(folder, 'a.key'), Buffer.alloc(32, 7));
    await writeFile(path.join(folder, 'b.key'), Buffer.alloc(32, 8));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const boxOf = (name: string) => boxWith(path.join(folder, name));

  it('gives back what was put in, under its name and to its tenant only', async () => {
    const sealed = await boxOf('a.key').seal('ten_1', 'inv_1', Buffer.from('{"a":1}'));
    expect(sealed.includes('{"a"')).toBe(false);
    expect((await boxOf('a.key').open('ten_1', 'inv_1', sealed)).toString()).toBe('{"a":1}');
    const altered = Buffer.from(sealed);
    altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
    for (const open of [
      () => boxOf('a.key').open('ten_2', 'inv_1', sealed),
      () => boxOf('a.key').open('ten_1', 'inv_2', sealed),
      () => boxOf('a.key').open('ten_1', 'inv_1', altered),
      () => boxOf('a.key').open('ten_1', 'inv_1', sealed.subarray(0, 20)),
      () => boxOf('b.key').open('ten_1', 'inv_1', sealed),
      () => boxOf('none.key').open('ten_1', 'inv_1', sealed),
    ]) {
      await expect(open()).rejects.toMatchObject({ code: 'invalid_configuration' });
    }
  });
});
