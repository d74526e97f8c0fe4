// Records the histories anew: `npx tsx test/replay/record.ts [name …]`. Keep the files of released versions beside them.
import { mkdir } from 'node:fs/promises';
import globalSetup from '../support/global-setup';
import globalTeardown from '../support/global-teardown';
import { startTestStack } from '../support/stack';
import { startChangingServer } from '../support/changing-server';
import { historiesFolder, toJson, writeHistory } from './history-file';
import { scenarios } from './scenarios';

async function main(wanted: readonly string[]): Promise<void> {
  await mkdir(historiesFolder, { recursive: true });
  await globalSetup();
  const tools = await startChangingServer([{ name: 'read_note' }]);
  const stack = await startTestStack({ egressAllow: [tools.host] });
  for (const [name, play] of Object.entries(scenarios)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const { workflowId, runId } = await play(stack, name, tools);
    const history = await stack.temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    await writeHistory(name, { workflowId, history: toJson(history) });
    console.log(`${name}: ${history.events?.length} events`);
  }
  await stack.stop();
  await tools.close();
  await globalTeardown();
}

void main(process.argv.slice(2));
