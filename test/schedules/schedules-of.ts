import path from 'node:path';
import { planeScheduleId } from '../../contracts/workflow-ids';
import type { ApiClient } from '../support/api-client';
import { onboardFolder } from '../support/file-planes';
import { writeDocuments } from '../support/generated-documents';
import { activate, aPolicyFor, waitForState } from '../support/planes';
import type { TestStack } from '../support/stack';
import { until } from '../support/until';

export const hourly = { interval_seconds: 3_600 };

/** Schedules of the first tenant's planes, as their rows and the engine have them. */
export function schedulesOf(stack: () => TestStack) {
  const tenantId = () => stack().keys.tenants[0]?.tenant_id ?? '';
  const at = (planeId: string) => `/planes/${planeId}/sync-schedule`;
  const scheduleOf = (planeId: string) => planeScheduleId(tenantId(), planeId);
  const handleOf = (planeId: string) => stack().temporal.schedule.getHandle(scheduleOf(planeId));

  /** A plane that reads a folder of its own, ACTIVE. */
  async function aFolderPlane(name: string): Promise<{ planeId: string; folder: string }> {
    const folder = path.join(stack().folder, name);
    await writeDocuments(folder, 3);
    const planeId = await onboardFolder(stack().api(), { name, folder });
    await waitForState(stack().api(), planeId, 'PENDING_ACTIVATE');
    await aPolicyFor(stack().api(), planeId);
    await activate(stack().api(), planeId);
    return { planeId, folder };
  }

  async function view(planeId: string) {
    return (await stack().api().get(at(planeId))).body.data;
  }

  /** With what the engine says of it: that is null while it does not answer in time, which a busy one may not. */
  async function viewWithEngine(planeId: string) {
    let shown: Awaited<ReturnType<typeof view>>;
    const isAnswered = async () => (shown = await view(planeId)).skipped_by_overlap !== null;
    await until(isAnswered, { what: 'what the engine says of the schedule' });
    return shown;
  }

  async function delivered(): Promise<boolean> {
    const { rows } = await stack().owner.query(`select 1 from event_outbox where published_at is null`);
    return rows.length === 0;
  }

  /** Sets the schedule and waits until the engine keeps it, as the row says. */
  async function set(planeId: string, body: object = hourly, api: ApiClient = stack().api()): Promise<string> {
    const answer = await api.put(at(planeId), body);
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    await until(delivered, { what: 'delivery' });
    return answer.body.data.schedule_id as string;
  }

  /** One turn by hand; returns the schedule when the turn has come out. */
  async function turn(planeId: string) {
    const { run_count: before } = await view(planeId);
    // How the last turn came out is on record before its workflow has ended, and two of one second have one name.
    await handleOf(planeId).trigger('BUFFER_ALL');
    await until(
      async () => {
        const { run_count, last_result } = await view(planeId);
        return run_count > before && last_result !== 'started';
      },
      { what: 'the end of the turn' },
    );
    return view(planeId);
  }

  return { tenantId, at, scheduleOf, handleOf, aFolderPlane, view, viewWithEngine, delivered, set, turn };
}
