import { loadStackConfig } from '../../config';
import { folderOption, runCommand } from '../stack/command';
import { say } from '../stack/terminal';
import { restore } from './restore';

runCommand(async () => {
  const from = folderOption('from', 'npm run restore -- --from FOLDER');
  const { dataDir } = loadStackConfig();
  await restore({ from, dataDir, say });
  say('Next: npm start');
});
