import { loadStackConfig } from '../../config';
import { createDatabase } from '../../operations/transaction/database';
import { ownerUrlOf } from '../audit/database';
import { runCommand } from '../stack/command';
import { say } from '../stack/terminal';
import { rotateMasterKey } from './rotate';

runCommand(async () => {
  const { dataDir, databaseUrl, masterKeyFile } = loadStackConfig();
  const url = await ownerUrlOf({ dataDir, databaseUrl });
  const db = createDatabase({ url, connectionsMax: 1, applicationName: 'aos-vault' });
  try {
    const { former, key, secrets } = await rotateMasterKey(db, masterKeyFile);
    say(
      `${masterKeyFile} now holds the key ${key}; ${secrets} secrets were encrypted anew, none is under ${former} any more.`,
    );
    say(`API and worker take it up by themselves. Older dumps of the database still need ${former}.`);
  } finally {
    await db.destroy();
  }
});
