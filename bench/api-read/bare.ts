import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'pg';
import { serveTasks } from '../support/child';

export interface BareServerTask {
  readonly databaseUrl: string;
}

/** node:http and pg, and nothing else: the plane's row by its id, as JSON. Returns its port. */
serveTasks<BareServerTask, number>(({ databaseUrl }) => {
  const pool = new Pool({ connectionString: databaseUrl, max: 10 });
  const server = createServer((req, res) => {
    const planeId = req.url?.split('/').at(-1);
    pool.query('select * from knowledge_planes where plane_id = $1', [planeId]).then(
      ({ rows }) => {
        res.writeHead(rows.length === 0 ? 404 : 200, { 'content-type': 'application/json' });
        res.end(JSON.stringify(rows[0] ?? null));
      },
      () => res.writeHead(500).end(),
    );
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
});
