import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { exchange, type Answer } from './exchange';
import { createHostTurns } from './host-turns';
import type { Timing } from './limits';
import { HttpProblem } from './problems';
import { isRedirect, redirectsMax, redirectTarget } from './redirects';
import { retryAfterMs } from './retry-after';
import { createRobots, readRobotsText, type ReadRobots } from './robots';

export interface VisitInput<T> {
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bytesMax: number;
  readonly signal: AbortSignal;
  /** Reads the body of a 200 to its end. */
  readonly read: (body: Readable) => Promise<T>;
}

/** Asks for one URL as a polite stranger: robots.txt first, one request at a time to a host, each redirect anew. */
export type Visit = <T>(input: VisitInput<T>) => Promise<Answer<T>>;

export interface VisitDependencies {
  readonly dispatcher: Dispatcher;
  /** Reaches public addresses only, whatever an operator has named. */
  readonly publicDispatcher: Dispatcher;
  readonly timing: Timing;
}

interface Way {
  readonly dispatcher: Dispatcher;
  readonly readRobots: ReadRobots;
}

type Tried<T> = { readonly answer: Answer<T> } | { readonly problem: HttpProblem };

const retriesMax = 2;

export function createVisit({ dispatcher, publicDispatcher, timing }: VisitDependencies): Visit {
  const turns = createHostTurns(timing);
  const named = wayThrough(dispatcher);
  const unnamed = wayThrough(publicDispatcher);
  return (input) => follow(input, named, { heedsRobots: true });

  // What they remember of a site is kept apart, since one may be refused what the other reaches.
  function wayThrough(own: Dispatcher): Way {
    const ask = (url: URL, signal: AbortSignal) =>
      follow(
        { url, bytesMax: Number.POSITIVE_INFINITY, signal, read: readRobotsText },
        { dispatcher: own, readRobots },
        { heedsRobots: false },
      );
    const readRobots = createRobots({ ask, timing });
    return { dispatcher: own, readRobots };
  }

  // What an operator has opened is open to those who name it: a redirect from elsewhere may lead to public sites only.
  async function follow<T>(input: VisitInput<T>, start: Way, { heedsRobots }: { heedsRobots: boolean }) {
    let { url } = input;
    for (let redirects = 0; redirects <= redirectsMax; redirects += 1) {
      const way = url.origin === input.url.origin ? start : unnamed;
      const answer = await askPatiently({ ...input, url }, way, heedsRobots);
      if (!isRedirect(answer.status)) return answer;
      url = redirectTarget(url, answer.headers['location']);
    }
    throw new HttpProblem('malformed', `${input.url.href} leads through more than ${redirectsMax} redirects`);
  }

  /** Asks again where a host is in trouble, after as long as it wishes. */
  async function askPatiently<T>(input: VisitInput<T>, way: Way, heedsRobots: boolean): Promise<Answer<T>> {
    const host = input.url.hostname;
    for (let retries = 0; ; retries += 1) {
      const robots = heedsRobots ? await way.readRobots(input.url.origin, input.signal) : undefined;
      robots?.admit(input.url);
      const began = performance.now();
      const tried = await attempt(input, way, robots?.crawlDelayMs ?? 0);
      const restMs = restAfter(tried, timing.pauseMs * 2 ** retries);
      if (restMs === undefined) {
        turns.succeeded(host);
        return resultOf(tried);
      }
      // Who keeps us waiting would do so again.
      const wasQuick = performance.now() - began < timing.headersMs;
      if (!turns.rest(host, restMs) || !wasQuick || retries === retriesMax) {
        turns.failed(host);
        return resultOf(tried);
      }
    }
  }

  function attempt<T>(input: VisitInput<T>, { dispatcher }: Way, intervalMs: number): Promise<Tried<T>> {
    const { url, signal } = input;
    return turns.take({ host: url.hostname, intervalMs, signal }, async () => {
      try {
        return { answer: await exchange({ ...input, dispatcher, timing }) };
      } catch (error) {
        if (error instanceof HttpProblem) return { problem: error };
        throw error;
      }
    });
  }
}

/** How long to leave the host alone; undefined when it is not in trouble. */
function restAfter(tried: Tried<unknown>, pauseMs: number): number | undefined {
  if ('problem' in tried) return tried.problem.code === 'unavailable' ? pauseMs : undefined;
  const { status, headers } = tried.answer;
  if (status < 500 && status !== 429) return undefined;
  return retryAfterMs(headers['retry-after']) ?? pauseMs;
}

function resultOf<T>(tried: Tried<T>): Answer<T> {
  if ('problem' in tried) throw tried.problem;
  return tried.answer;
}
