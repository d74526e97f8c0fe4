import { loadStackConfig } from '../../config';
import { runCommand } from '../stack/command';
import { say } from '../stack/terminal';
import { ownerUrlOf } from './database';
import { sealBefore } from './seal-before';

runCommand(async () => {
  const { dataDir, databaseUrl, signingKeyFile } = loadStackConfig();
  await sealBefore({ url: await ownerUrlOf({ dataDir, databaseUrl }), signingKeyFile, say });
});
