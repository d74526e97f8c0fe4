// Load and faults against the real stack, then a judgement: `npm run chaos -- --seed N [--faults F1,F4] [--minutes M]`.
import { setMaxListeners } from 'node:events';
import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writePrivate } from '../scripts/stack/files';
import { embeddingDimension } from './fixtures/embeddings';
import { startFixtures } from './fixtures/server';
import { runFaults } from './faults/run';
import { planFaults } from './faults/schedule';
import { mountSmallDisk } from './faults/small-disk';
import { exportHistories, movedHistories } from './histories';
import { untilIdle } from './idle';
import { openLedger, readLedger } from './ledger';
import { releaseAll } from './load/others';
import { settle } from './load/settle';
import { decideLeftovers } from './load/tools';
import { readOptions, type ChaosOptions } from './options';
import { createDraw } from './random';
import { createReport, say, type Report } from './report';
import { runAuditor } from './run-auditor';
import { createWorld, runLoad } from './run-load';
import { plantSecrets, secretTexts } from './secrets';
import { makeNextVersion, thisVersion } from './stack/next-version';
import { untilAllReady } from './stack/programs';
import { startChaosStack } from './stack/stack';
import { tamper } from './tamper';

const settleLimitMs = 180_000;
// Intents are swept a minute after their deadline, which is a minute after their beginning.
const idleLimitMs = 240_000;

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const folder = await mkdtemp(path.join(tmpdir(), `aos-chaos-${options.seed}-`));
  const report = createReport(options);
  const closers: ((isKept: boolean) => Promise<void>)[] = [];
  let isClean = false;
  const closeAll = async (isKept: boolean) => {
    for (const close of closers.splice(0).toReversed()) {
      await close(isKept).catch((error: Error) => say(`closing: ${error.message}`));
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // The servers are leaders of groups of their own, and the disk stays mounted: nobody else would end them.
    process.once(signal, () => void closeAll(false).finally(() => process.exit(1)));
  }
  try {
    isClean = await run(options, { folder, report, closers });
  } finally {
    const isKept = options.keepsData || !isClean;
    await closeAll(isKept);
    if (isKept) say(`Data, logs, ledger and histories: ${folder}`);
    else await rm(folder, { recursive: true, force: true });
  }
  process.exitCode = isClean ? 0 : 1;
}

interface Place {
  readonly folder: string;
  readonly report: Report;
  /** Told whether the data are to stay. */
  readonly closers: ((isKept: boolean) => Promise<void>)[];
}

async function run(options: ChaosOptions, { folder, report, closers }: Place): Promise<boolean> {
  const { seed, faults, minutes } = options;
  const draw = createDraw(seed);
  const totalMs = minutes * 60_000;
  const plan = planFaults({ draw: draw.stream('faults'), faults, totalMs });
  report.plan(plan);

  const ledgerFile = path.join(folder, 'ledger.jsonl');
  const ledger = openLedger(ledgerFile);
  const secrets = plantSecrets(draw.stream('secrets'));
  const fixtures = await startFixtures({ ledger, secrets, draw: draw.stream('fixtures') });
  closers.push(() => fixtures.close());
  const mounted = faults.includes('F9') ? await mountSmallDisk(path.join(folder, 'disk')) : undefined;
  const disk = mounted !== undefined && 'folder' in mounted ? mounted : undefined;
  if (mounted !== undefined && 'reason' in mounted) report.skip('F9', `disk full: ${mounted.reason}`);
  if (disk !== undefined)
    closers.push((isKept) => disk.remove(isKept ? path.join(folder, 'postgres-disk') : undefined));
  if (faults.includes('F10')) report.skip('F10', 'vector store: embedded in the worker, no far side; its embedder is');

  const now = thisVersion();
  const next = faults.includes('F12') ? await makeNextVersion(path.join(folder, 'next')) : now;
  const isVersioned = faults.includes('F12') && draw.stream('deployment').chance(0.5);
  if (isVersioned) say('Workers are versions of a deployment');
  const documentsFolder = path.join(folder, 'documents');
  await mkdir(documentsFolder);
  const stack = await startChaosStack({
    ...{ folder, secrets, next, isVersioned, fileRoots: [documentsFolder], draw: draw.stream('ways') },
    onPostgresAway: (isOver) => ledger.write({ kind: 'outage', store: 'postgres', isOver }),
    postgresFolder: path.join(disk?.folder ?? folder, 'postgres'),
    environment: {
      ...{ AOS_EMBEDDER_URL: `http://${fixtures.host}`, AOS_EMBEDDER_MODEL: 'chaos' },
      AOS_EMBEDDER_API_KEY: secrets.embedderKey,
      ...{ AOS_EMBEDDER_DIMENSION: String(embeddingDimension), AOS_EGRESS_ALLOW: fixtures.host },
    },
  });
  closers.push(() => stack.stop());
  say(`Ready: ${stack.apiUrl}`);

  const closing = new AbortController();
  const over = new AbortController();
  // Everybody listens to both.
  setMaxListeners(0, closing.signal, over.signal);
  const world = await createWorld({
    ...{ stack, ledger, secrets, documentsFolder, draw: draw.stream('load'), siteOrigin: `http://${fixtures.host}` },
    ...{ isPoisoned: faults.includes('F11'), closing: closing.signal, over: over.signal, count: report.count },
  });
  const load = runLoad(world);
  await runFaults(plan, { surroundings: { stack, fixtures, disk, folder }, totalMs, report, ledger });
  closing.abort();
  say('Healing');
  await Promise.all(Object.values(stack.processes).map((process) => process.untilReady()));
  await untilAllReady(stack.apiUrl);
  const giveUp = setTimeout(() => over.abort(), settleLimitMs);
  await load;
  await releaseAll(world);
  await decideLeftovers(world);
  const planes = world.tenants.flatMap((tenant) => tenant.planes);
  const states = await Promise.all(
    planes.map(async (plane) => ({ plane, state: await settle(world, plane, { until: over.signal }) })),
  );
  clearTimeout(giveUp);
  over.abort();
  for (const { plane, state } of states) {
    if (state === undefined) report.violation('I8', `${plane.planeId} (${plane.kind}) did not settle`);
    else report.count(`planes ended ${state}`);
  }
  const left = await untilIdle(stack.owner, idleLimitMs);
  for (const [what, count] of Object.entries(left))
    report.violation('I8', `${count} ${what} after everything was healed`);

  const histories = path.join(folder, 'histories');
  report.counted('histories', await exportHistories(stack.temporalAddress, histories));
  if (next !== now) report.counted('histories that moved to changed code', movedHistories(histories));
  await stack.stopApplications();
  ledger.close();
  report.ledger(readLedger(ledgerFile));
  report.deaths(stack.deaths);
  const secretsFile = path.join(folder, 'planted-secrets.txt');
  const texts = await secretTexts(secrets, folder);
  await writePrivate(secretsFile, `${texts.join('\n')}\n`);
  report.counted('secrets looked for', texts.length);
  const input = {
    bundles: next === now ? [now.bundle] : [now.bundle, next.bundle],
    ...{ databaseUrl: stack.ownerUrl, histories, ledger: ledgerFile, logs: path.join(folder, 'logs') },
    ...{ checkpoints: path.join(folder, 'checkpoints/latest'), secrets: secretsFile },
  };
  const judge = () => runAuditor(input).catch((error: Error) => error.message);
  report.judged(await judge(), 0);
  if (faults.includes('F13')) {
    // Clean before, or what is found afterwards says nothing.
    const tampered = await tamper(stack.ownerUrl, draw.stream('tamper'));
    const verdict = await judge();
    report.fault('F13', tampered, verdict === 1 ? 'found' : 'NOT FOUND');
    report.judged(verdict, 1);
  }
  return report.end();
}

main().catch((error: Error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
