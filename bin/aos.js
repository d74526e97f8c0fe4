#!/usr/bin/env node
const { existsSync } = require('node:fs');
const path = require('node:path');

// Committed rather than compiled, so that it keeps its mode when dist is deleted, and can say what is missing.
const main = path.join(__dirname, '../dist/cli/main.js');
if (existsSync(main)) {
  require(main);
} else {
  process.stderr.write('aos: not built yet; run "npm start" or "npm run build" in the project first\n');
  process.exitCode = 1;
}
