import path from 'node:path';
import { loadStackConfig } from '../../config';
import { StartError, say } from '../stack/terminal';
import { folderOption, runCommand } from '../stack/command';
import { backup } from './backup';

runCommand(async () => {
  const to = folderOption('to', 'npm run backup -- --to FOLDER');
  const { databaseUrl, dataDir, masterKeyFile, signingKeyFile } = loadStackConfig();
  if (databaseUrl !== undefined) {
    throw new StartError(
      'The database of DATABASE_URL is not part of the data folder: docs/operations.md says how such an installation is backed up.',
    );
  }
  await backup({ dataDir, to, signingKeyFile, say });
  for (const file of [masterKeyFile, signingKeyFile]) {
    if (path.relative(dataDir, file).startsWith('..')) say(`Not in it, since it lies elsewhere: ${file}`);
  }
  say(`To bring it back: npm run restore -- --from ${to}`);
});
