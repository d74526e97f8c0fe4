import { StartError, type Say } from '../terminal';

/** One place a Temporal server can come from. */
export interface TemporalSource {
  /** What is done, and how long it may take: said before it is tried. */
  readonly announcement: string;
  /** The path of a working binary; undefined when there is none here. */
  find(signal?: AbortSignal): Promise<string | undefined>;
}

/** Tries the sources in their order; the first binary found is used. */
export async function locateTemporal(
  sources: readonly TemporalSource[],
  { say, signal }: { say: Say; signal?: AbortSignal },
): Promise<string> {
  for (const source of sources) {
    signal?.throwIfAborted();
    say(source.announcement);
    const path = await source.find(signal);
    if (path !== undefined) return path;
  }
  throw new StartError(
    'No Temporal server was found and none could be downloaded or built: install the Temporal CLI (https://docs.temporal.io/cli), or Go 1.25 or newer, or set TEMPORAL_ADDRESS to a running server.',
  );
}
