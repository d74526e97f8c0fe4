import { readdirSync } from 'node:fs';
import path from 'node:path';
import { DeterminismViolationError } from '@temporalio/workflow';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import * as workflows from '../../workflows';
import { historiesFolder, readHistory, type EventJson, type RecordedHistory } from './history-file';
import { replay } from './replay';
import { scenarios } from './scenarios';

// Wrong histories are replayed on purpose, and each would log an error.
Runtime.install({ logger: new DefaultLogger('ERROR', () => {}), shutdownSignals: [] });

const names = readdirSync(historiesFolder).map((file) => path.basename(file, '.json'));

test('every workflow type and every scenario has a recorded history', async () => {
  const types = new Set<string>();
  for (const name of names) types.add(typeOf(await readHistory(name)));
  expect([...types]).toEqual(expect.arrayContaining(Object.keys(workflows)));
  expect(names).toEqual(expect.arrayContaining(Object.keys(scenarios)));
});

test.each(names)('%s replays', async (name) => {
  expect(await replay(await readHistory(name))).toBeUndefined();
});

describe('a history that another program made fails', () => {
  test('with another activity in the place of one', async () => {
    const recorded = await readHistory('onboarding-to-active');
    const wrong = JSON.parse(JSON.stringify(recorded).replace('"verifySources"', '"ingestSources"')) as RecordedHistory;
    expect(await replay(wrong)).toBeInstanceOf(DeterminismViolationError);
  });

  test('with two activities in the other order', async () => {
    const recorded = await readHistory('onboarding-to-active');
    const text = JSON.stringify(recorded);
    const wrong = text
      .replaceAll('"indexDocuments"', '"?"')
      .replaceAll('"classifyDocuments"', '"indexDocuments"')
      .replaceAll('"?"', '"classifyDocuments"');
    expect(wrong).not.toBe(text);
    expect(await replay(JSON.parse(wrong) as RecordedHistory)).toBeInstanceOf(DeterminismViolationError);
  });

  test('with a timer that this program never sets', async () => {
    const recorded = await readHistory('onboarding-to-active');
    const wrong = withTimerInPlaceOfActivity(recorded);
    expect(await replay(wrong)).toBeInstanceOf(DeterminismViolationError);
  });
});

test('the kill by signal ends the execution with the kill code, and schedules nothing but its record', async () => {
  const { history } = await readHistory('killed-by-signal');
  const killAt = history.events.findIndex((event) => signalNameOf(event) === 'kill');
  const after = history.events.slice(killAt);
  expect(activityTypesOf(after)).toEqual(['recordKilledJob']);
  expect(JSON.stringify(after.at(-1))).toMatch(/EVENT_TYPE_WORKFLOW_EXECUTION_FAILED.*"type":"action_blocked"/);
});

interface Attributes {
  readonly workflowExecutionStartedEventAttributes?: { workflowType: { name: string } };
  readonly workflowExecutionSignaledEventAttributes?: { signalName: string };
  readonly activityTaskScheduledEventAttributes?: { activityType: { name: string } };
}

const typeOf = ({ history }: RecordedHistory) =>
  (history.events[0] as EventJson & Attributes).workflowExecutionStartedEventAttributes?.workflowType.name ?? '';

const signalNameOf = (event: EventJson & Attributes) => event.workflowExecutionSignaledEventAttributes?.signalName;

function activityTypesOf(events: readonly (EventJson & Attributes)[]): string[] {
  return events.flatMap(({ activityTaskScheduledEventAttributes: it }) => (it ? [it.activityType.name] : []));
}

function withTimerInPlaceOfActivity({ workflowId, history }: RecordedHistory): RecordedHistory {
  const at = history.events.findIndex(({ eventType }) => eventType === 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED');
  const { eventId, eventTime, taskId } = history.events[at] as EventJson;
  const timer = {
    ...{ eventId, eventTime, taskId, eventType: 'EVENT_TYPE_TIMER_STARTED' },
    timerStartedEventAttributes: { timerId: '1', startToFireTimeout: { seconds: '60' } },
  };
  return { workflowId, history: { events: [...history.events.slice(0, at), timer] } };
}
