import { repeat } from '../../operations/maintenance/repeat';
import { createSealer, sealIntervalMs } from '../../operations/sealing/sealer';
import { createDatabase } from '../../operations/transaction/database';

/** The sealer in a process of its own, as in the worker. */
const db = createDatabase({
  url: process.env.BENCH_SYSTEM_URL ?? '',
  connectionsMax: 2,
  applicationName: 'bench-sealer',
});
const sealer = createSealer({ db, signingKeyFile: process.env.BENCH_KEY_FILE ?? '' });
const sealing = repeat(() => sealer.seal(), {
  intervalMs: sealIntervalMs,
  onError: (error) => process.stderr.write(`${String(error)}\n`),
});
process.on(
  'SIGTERM',
  () =>
    void sealing
      .stop()
      .then(() => db.destroy())
      .then(() => process.exit(0)),
);
process.send?.('ready');
