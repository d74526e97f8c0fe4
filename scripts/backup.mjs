import { checkNodeVersion } from './prepare/node-version.mjs';

checkNodeVersion();
const { prepare } = await import('./prepare/prepare.mjs');
if (await prepare({ install: true })) await import('../dist/scripts/backup/main.js');
else process.exitCode = 1;
