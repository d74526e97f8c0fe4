import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readBuildId } from '../../worker-deployment';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'aos-bundle-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function buildIdOf(bundle: string): Promise<string> {
  const file = path.join(folder, 'workflow-bundle.js');
  await writeFile(file, bundle);
  return readBuildId(file);
}

test("a build id tells the package's version and the workflows' code, and not where it was built", async () => {
  const here = await buildIdOf('run();\n//# sourceMappingURL=data:here');
  expect(here).toMatch(/^\d+\.\d+\.\d+-[0-9a-f]{12}$/);
  expect(await buildIdOf('run();\n//# sourceMappingURL=data:elsewhere')).toBe(here);
  expect(await buildIdOf('run(1);\n//# sourceMappingURL=data:here')).not.toBe(here);
  expect(await buildIdOf('run();')).not.toBe(await buildIdOf('run(1);'));
});

test('without a bundle the id has to be given', () => {
  expect(() => readBuildId(path.join(folder, 'none.js'))).toThrow('AOS_WORKER_BUILD_ID must be set');
});
