import { loadStackConfig } from '../../config';
import { runCommand } from '../stack/command';
import { say } from '../stack/terminal';
import { ownerUrlOf, withClient } from './database';
import { rotateKey } from './rotate';

runCommand(async () => {
  const { dataDir, databaseUrl, signingKeyFile } = loadStackConfig();
  const { former, key } = await withClient(await ownerUrlOf({ dataDir, databaseUrl }), (client) =>
    rotateKey(client, signingKeyFile),
  );
  say(
    `${signingKeyFile} now holds the key ${key}, signed for by ${former}; the worker takes it up with its next batch.`,
  );
});
