import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Environment } from '../stack/kept';

/**
 * Settings under which a Node process takes the time for another: what its JavaScript reads, threads included. Native
 * code and timers do not move, as with a clock that was wrong when the process started.
 */
export async function clockPreload(folder: string, offsetMs: number): Promise<Environment> {
  const file = path.join(folder, `clock${offsetMs}.cjs`);
  await writeFile(
    file,
    `const Real = Date;
const now = () => Real.now() + ${offsetMs};
globalThis.Date = new Proxy(Real, {
  construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [now()] : args, self),
  apply: () => new Real(now()).toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});
`,
  );
  return { NODE_OPTIONS: `--require ${file}` };
}
