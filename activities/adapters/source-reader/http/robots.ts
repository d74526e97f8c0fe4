import type { Readable } from 'node:stream';
import robotsParser from 'robots-parser';
import { abortable } from './abortable';
import { productToken } from './exchange';
import { robotsBytesMax, type Timing } from './limits';
import { HttpProblem } from './problems';

/** What a site's robots.txt says, once it was asked. */
export interface Robots {
  /** Throws an HttpProblem when the URL may not be read. */
  admit(url: URL): void;
  readonly crawlDelayMs: number;
}

/** The answer to a request for robots.txt: its status, and its text where there is one. */
export interface RobotsAnswer {
  readonly status: number;
  readonly body: string | null;
}

export type ReadRobots = (origin: string, signal: AbortSignal) => Promise<Robots>;

const originsMax = 1_000;
// Rules with wildcards cost pattern × path: a file made of them would hold the process up for seconds at every URL.
const wildcardCostMax = 50_000_000;

/**
 * RFC 9309: what cannot be had (4xx) allows everything, what cannot be reached (5xx, no answer, and 429, which is a server
 * in trouble too) nothing. Remembered for an hour, and for all sources, since it is the same for everybody.
 */
export function createRobots({
  ask,
  timing,
}: {
  readonly ask: (url: URL, signal: AbortSignal) => Promise<RobotsAnswer>;
  readonly timing: Pick<Timing, 'robotsMs' | 'robotsFailureMs' | 'crawlDelayMsMax'>;
}): ReadRobots {
  const known = new Map<string, { readonly robots: Robots; readonly until: number }>();
  const asked = new Map<string, Promise<unknown>>();

  return async (origin, signal) => {
    for (;;) {
      const found = known.get(origin);
      if (found !== undefined && found.until > performance.now()) return found.robots;
      const other = asked.get(origin);
      if (other === undefined) break;
      // It may be stopped for reasons of its own: then we ask ourselves.
      await abortable(
        other.catch(() => {}),
        signal,
      );
    }
    const asking = read(new URL('/robots.txt', origin), signal);
    asked.set(origin, asking);
    try {
      const { robots, forMs } = await asking;
      remember(origin, { robots, until: performance.now() + forMs });
      return robots;
    } finally {
      asked.delete(origin);
    }
  };

  function remember(origin: string, entry: { readonly robots: Robots; readonly until: number }): void {
    known.delete(origin);
    known.set(origin, entry);
    if (known.size > originsMax) known.delete(known.keys().next().value ?? '');
  }

  async function read(url: URL, signal: AbortSignal): Promise<{ robots: Robots; forMs: number }> {
    try {
      const { status, body } = await ask(url, signal);
      if (status >= 500 || status === 429) {
        throw new HttpProblem('unavailable', `${url.href} answers ${status}: until it can be read, nothing may be`);
      }
      return { robots: parseRobots(url, body ?? '', timing.crawlDelayMsMax), forMs: timing.robotsMs };
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      return { robots: closedTo(robotsProblem(url, error)), forMs: timing.robotsFailureMs };
    }
  }
}

function parseRobots(url: URL, text: string, crawlDelayMsMax: number): Robots {
  const parsed = robotsParser(url.href, text);
  const seconds = parsed.getCrawlDelay(productToken) ?? 0;
  const wildcardLength = text
    .split(/\r\n?|\n/)
    .filter((line) => line.includes('*'))
    .reduce((length, line) => length + line.length, 0);
  return {
    crawlDelayMs: Math.min(Math.max(seconds * 1000, 0), crawlDelayMsMax),
    admit(target) {
      if (wildcardLength * (target.pathname.length + target.search.length) > wildcardCostMax) {
        throw new HttpProblem('not_allowed', `the wildcards of ${url.href} are too many to be followed`);
      }
      if (parsed.isAllowed(target.href, productToken) === false) {
        throw new HttpProblem('not_allowed', `${url.href} does not allow ${productToken} to read it`);
      }
    },
  };
}

function closedTo(problem: HttpProblem): Robots {
  return {
    crawlDelayMs: 0,
    admit() {
      throw problem;
    },
  };
}

// A robots.txt that may not be reached says as little about its site as one that does not answer.
function robotsProblem(url: URL, problem: HttpProblem): HttpProblem {
  const code = problem.code === 'not_allowed' ? 'not_allowed' : 'unavailable';
  const message = problem.message.startsWith(url.href) ? problem.message : `${url.href}: ${problem.message}`;
  return new HttpProblem(code, message, { cause: problem });
}

/** The text of a robots.txt as far as it counts: what is beyond the bound is left unread, as the RFC lets us. */
export async function readRobotsText(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= robotsBytesMax) break;
  }
  const whole = Buffer.concat(chunks).subarray(0, robotsBytesMax);
  // A rule cut in two would be another rule.
  return bytes < robotsBytesMax ? whole.toString() : whole.toString().replace(/[^\r\n]*$/, '');
}
