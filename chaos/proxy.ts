import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Draw } from './random';

/** What is wrong with the way between a process and a server right now; a fault sets it, healing sets it back. */
export interface Weather {
  /** Nothing passes in either direction and nothing is refused: what was sent arrives when the partition ends. */
  isPartitioned: boolean;
  /** Each piece waits up to this long. */
  jitterMs: number;
  /** Share of connections that are reset within a second. */
  resetShare: number;
  /** Share of pieces that wait for two seconds. */
  stallShare: number;
  /** Share of Postgres commits whose answer is lost, with their connection. */
  lostCommitShare: number;
}

export const fair: Weather = { isPartitioned: false, jitterMs: 0, resetShare: 0, stallShare: 0, lostCommitShare: 0 };

export interface Proxy {
  readonly name: string;
  readonly port: number;
  readonly weather: Weather;
  /** Commits whose answer was lost, and connections that were reset, so far. */
  readonly counts: { lostCommits: number; resets: number };
  close(): Promise<void>;
}

const stallMs = 2_000;

/** A way to a TCP server of this machine whose weather can be changed while it is used. */
export async function startProxy(name: string, targetPort: number, draw: Draw): Promise<Proxy> {
  const weather = { ...fair };
  const counts = { lostCommits: 0, resets: 0 };
  const open = new Set<{ near: Socket; far: Socket }>();

  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
    const pair = { near, far };
    open.add(pair);
    let isAnswerLost = false;
    const end = () => {
      open.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on('error', end).on('close', end);
    carry(near, far, (piece) => {
      if (weather.lostCommitShare > 0 && holdsCommit(piece) && draw.chance(weather.lostCommitShare)) {
        isAnswerLost = true;
      }
      return true;
    });
    // The server's first word after it means that the server has carried the commit out.
    carry(far, near, () => {
      if (!isAnswerLost) return true;
      counts.lostCommits += 1;
      end();
      return false;
    });
  });

  function carry(from: Socket, to: Socket, look: (piece: Buffer) => boolean): void {
    from.on('data', (piece: Buffer) => {
      from.pause();
      void (async () => {
        await wait(from);
        if (from.destroyed || to.destroyed || !look(piece)) return;
        if (!to.write(piece)) await new Promise((resolve) => to.once('drain', resolve).once('close', resolve));
        from.resume();
      })();
    });
    from.on('end', () => to.end());
  }

  async function wait(socket: Socket): Promise<void> {
    if (weather.jitterMs > 0) await sleep(draw.below(weather.jitterMs + 1));
    if (weather.stallShare > 0 && draw.chance(weather.stallShare)) await sleep(stallMs);
    while (weather.isPartitioned && !socket.destroyed) await sleep(20);
  }

  const resetting = setInterval(() => {
    if (weather.resetShare === 0) return;
    for (const { near, far } of open) {
      if (!draw.chance(weather.resetShare)) continue;
      counts.resets += 1;
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }, 1_000);

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    ...{ name, weather, counts, port: (server.address() as AddressInfo).port },
    async close() {
      clearInterval(resetting);
      for (const { near, far } of open) {
        near.destroy();
        far.destroy();
      }
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

// A simple query whose whole text is `commit`: Q, the length, the text, a zero.
const commits = ['commit', 'COMMIT'].map((text) => Buffer.from(`Q\0\0\0\x0b${text}\0`, 'latin1'));

export function holdsCommit(piece: Buffer): boolean {
  return commits.some((commit) => piece.includes(commit));
}
