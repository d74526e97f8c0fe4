import { prepare } from './prepare.mjs';

process.exitCode = (await prepare({ install: false })) ? 0 : 1;
