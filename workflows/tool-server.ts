import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  defineSignal,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ExecutionContext } from '../contracts/execution-context';
import { lookIntervals } from '../contracts/tools';
import {
  discoverSignalName,
  lookSignalName,
  type DiscoverInput,
  type ToolServerInput,
} from '../contracts/workflow-messages';
import { readFailure, type EndedWork } from './governance/ended-work';
import { currentContext, runAs, runAsSystem } from './interceptors/context';
import { serverActivities, type ServerActivities } from './server-activities';

interface Asked {
  readonly discoveryId: string;
  readonly requester: ExecutionContext;
}

/** What one run hands to the next. */
export interface ServerWatch {
  readonly asked: readonly Asked[];
  readonly introducer?: ExecutionContext | undefined;
}

export const discoverSignal = defineSignal<[DiscoverInput]>(discoverSignalName);
export const lookSignal = defineSignal(lookSignalName);

const historyEventsMaxDefault = 3_500;

/** One tool server for as long as it is in use: discovered by whoever asks for it, and else looked at now and again. */
export async function toolServer(input: ToolServerInput, handedOn: ServerWatch = { asked: [] }): Promise<void> {
  const { serverId, historyEventsMax = historyEventsMaxDefault } = input;
  const { healthyMs = lookIntervals.healthyMs, ailingMs = lookIntervals.ailingMs } = input;
  const activities = serverActivities();
  const asked: Asked[] = [...handedOn.asked];
  const seen = new Set(asked.map(({ discoveryId }) => discoveryId));
  // Who had a server discovered that did not answer then: it is discovered in that name once it does.
  let { introducer } = handedOn;
  let isLookWanted = false;

  setHandler(discoverSignal, ({ discoveryId }) => {
    if (seen.has(discoveryId)) return;
    seen.add(discoveryId);
    asked.push({ discoveryId, requester: currentContext() });
  });
  setHandler(lookSignal, () => {
    isLookWanted = true;
  });

  try {
    do {
      isLookWanted = false;
      const look = await lookOnce();
      if (asked.length > 0) continue;
      if (!look.isWatched) return;
      setCurrentDetails(`The server is ${look.status}.`);
      const waitMs = look.status === 'active' ? healthyMs : ailingMs;
      await condition(() => asked.length > 0 || isLookWanted, waitMs);
    } while (!isHistoryLong());
    await condition(allHandlersFinished);
  } catch (error) {
    await recordStopped(activities, { serverId, asked, why: readFailure(error) });
    throw error;
  }
  await continueAsNew<typeof toolServer>(input, { asked, introducer });

  async function lookOnce() {
    const [next] = asked;
    if (next !== undefined) {
      const look = await discover(next.requester, next.discoveryId);
      asked.shift();
      introducer = hasShownItself(look) ? undefined : next.requester;
      return look;
    }
    const look = await asEngine(() => activities.checkServer({ serverId }));
    if (!look.isHealthy || introducer === undefined || hasShownItself(look)) return look;
    const requester = introducer;
    introducer = undefined;
    return discover(requester, null);
  }

  function discover(requester: ExecutionContext, discoveryId: string | null) {
    return runAs(requester, () => activities.discoverServer({ serverId, discoveryId }));
  }

  function isHistoryLong(): boolean {
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    return continueAsNewSuggested || historyLength > historyEventsMax;
  }
}

function hasShownItself({ status }: { readonly status: string }): boolean {
  return status !== 'pending' && status !== 'error';
}

interface Stopped {
  readonly serverId: string;
  readonly asked: readonly Asked[];
  readonly why: EndedWork;
}

// Whoever waits for an answer is told that there will be none.
async function recordStopped({ recordStoppedDiscovery }: ServerActivities, { serverId, asked, why }: Stopped) {
  const { code, message } = why;
  await CancellationScope.nonCancellable(async () => {
    for (const { discoveryId, requester } of asked) {
      await runAs(requester, () => asEngine(() => recordStoppedDiscovery({ serverId, discoveryId, code, message })));
    }
  });
}

function asEngine<T>(work: () => T): T {
  return runAsSystem(work, 'system:tool-server');
}
