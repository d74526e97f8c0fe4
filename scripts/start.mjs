// Nothing is installed yet when this runs on a fresh clone: Node's own modules only.
import { checkNodeVersion } from './prepare/node-version.mjs';

checkNodeVersion();
const { prepare } = await import('./prepare/prepare.mjs');
if (await prepare({ install: true })) await import('../dist/scripts/stack/main.js');
else process.exitCode = 1;
