import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';

/** Whether the file is a Temporal CLI that works on this machine. */
export async function runs(file: string): Promise<boolean> {
  if (
    !(await access(file, constants.X_OK).then(
      () => true,
      () => false,
    ))
  )
    return false;
  return new Promise((resolve) => {
    execFile(file, ['--version'], { timeout: 20_000 }, (error, stdout) =>
      resolve(error === null && /^temporal version/i.test(stdout)),
    );
  });
}
