import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkNodeVersion } from './prepare/node-version.mjs';
import { prepare } from './prepare/prepare.mjs';
import { root } from './prepare/run.mjs';

checkNodeVersion();
// Tests run compiled parts too: threads and processes of their own cannot be started from TypeScript.
if (await prepare({ install: false })) await runTests();
else finish({ passed: 0, failed: 1 });

/** Runs jest with the arguments given to `npm test --`, and ends with one line of counts. */
async function runTests() {
  const folder = mkdtempSync(path.join(tmpdir(), 'aos-test-'));
  const report = path.join(folder, 'report.json');
  const jest = path.join(root, 'node_modules/jest/bin/jest.js');
  const args = [jest, '--json', `--outputFile=${report}`, ...process.argv.slice(2)];
  // The report goes to the file; jest's own words go to standard error.
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  const code = await new Promise((resolve) => child.once('close', resolve));
  const counts = readCounts(report);
  rmSync(folder, { recursive: true, force: true });
  // A failure outside of any test, as in the setup, is a failure too.
  finish(code === 0 || counts.failed > 0 ? counts : { ...counts, failed: 1 });
}

function readCounts(report) {
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    if (numPendingTests > 0) console.log(`${numPendingTests} skipped`);
    return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites };
  } catch {
    return { passed: 0, failed: 0 };
  }
}

function finish({ passed, failed }) {
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
