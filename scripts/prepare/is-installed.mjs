import { isInstalled } from './installed.mjs';

process.exitCode = isInstalled() ? 0 : 1;
