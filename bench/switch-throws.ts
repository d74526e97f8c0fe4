import { parseArgs } from 'node:util';
import { startTestOperations, type TestOperations } from '../test/support/operations';
import globalSetup from '../test/support/global-setup';
import globalTeardown from '../test/support/global-teardown';
import { report } from './support/report';
import { quantile } from './support/statistics';
import { startThrowing, type Lane } from './switch-throws/throwing';

/**
 * Throws and releases kills, ten thousand by default (`--throws N`), while writers commit behind the fence in their scopes
 * without a pause. Counted is what was committed after an acknowledgement and before the release that follows.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { throws: { type: 'string', default: '10000' } } });
  const throws = Number(values.throws);
  await globalSetup();
  const core = await startTestOperations();
  try {
    const lanes = lanesOf(core);
    await measure(core, { cell: 'control: writers without a fence', lanes, throws: 100, isFenced: false });
    const isGlobal = Math.round(throws / 10);
    await measure(core, { cell: 'plane, capability, run and tenant at once', lanes, throws: throws - isGlobal });
    await measure(core, { cell: 'global', lanes: [globalLane(core)], throws: isGlobal });
  } finally {
    await core.stop();
    await globalTeardown();
  }
}

// Writers of a lane stand in its scope; only the last lane throws for a whole tenant, and that is the other one.
function lanesOf(core: TestOperations): Lane[] {
  const own = () => core.as('admin');
  return [
    { scope: { type: 'plane', id: 'kp_0123456789ab' }, thrower: own, writer: own, seed: plane(core) },
    { scope: { type: 'capability', id: 'lifecycle.ingest' }, thrower: own, writer: own },
    { scope: { type: 'run', id: 'run_of_the_bench' }, thrower: own, writer: own },
    { scope: { type: 'tenant', id: '' }, thrower: () => core.as('admin', 1), writer: () => core.as('admin', 1) },
  ];
}

const globalLane = (core: TestOperations): Lane => ({
  scope: { type: 'global', id: '' },
  thrower: () => core.operator,
  writer: () => core.as('admin'),
});

const plane = (core: TestOperations) => `insert into knowledge_planes (plane_id, tenant_id, name, created_by)
  values ('kp_0123456789ab', '${core.keys.tenants[0]?.tenant_id}', 'bench', 'bench') on conflict do nothing`;

interface Cell {
  readonly cell: string;
  readonly lanes: readonly Lane[];
  readonly throws: number;
  readonly isFenced?: boolean;
}

async function measure(core: TestOperations, { cell, lanes, throws, isFenced = true }: Cell): Promise<void> {
  const began = performance.now();
  const done = await startThrowing(core, { lanes, throws, isFenced });
  const seconds = (performance.now() - began) / 1_000;
  const late = done.lateCommits.length;
  const isBusy = done.commits > 0 && done.refusals >= done.acknowledgedMs.length;
  report({
    bench: 'switch-throws',
    cell,
    // The control shows that what is counted can be seen.
    ok: done.acknowledgedMs.length === throws && (isFenced ? late === 0 && isBusy : late > 0),
    throws: done.acknowledgedMs.length,
    commits_after_acknowledgement: late,
    commits: done.commits,
    refused: done.refusals,
    acknowledged_p50_ms: quantile(done.acknowledgedMs, 0.5),
    acknowledged_p99_ms: quantile(done.acknowledgedMs, 0.99),
    acknowledged_max_ms: quantile(done.acknowledgedMs, 1),
    throws_per_s: throws / seconds,
    late: done.lateCommits.slice(0, 5),
  });
}

void main();
