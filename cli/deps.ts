import type { ExitCode } from './exit-codes';

/** What the command line takes from the process it runs in; tests hand in their own. */
export interface CliDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly projectRoot: string;
  readonly version: string;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly stdin: Source;
  readonly fetch: typeof fetch;
  now(): number;
  sleep(ms: number): Promise<void>;
}

/** One call of the command: a command that ends otherwise than well leaves its exit code here. */
export interface CliRun extends CliDeps {
  exitCode: ExitCode;
}

/** A place to write to, and what is known of the terminal behind it. */
export interface Sink {
  readonly isTTY: boolean;
  readonly columns: number;
  write(text: string): void;
}

/** Where input comes from that must not stand on the command line. */
export interface Source {
  readonly isTTY: boolean;
  /** Everything until its end. */
  read(): Promise<string>;
  /** One line; undefined when the input has ended. */
  ask(prompt: string): Promise<string | undefined>;
  /** One line, typed without being shown. */
  askHidden(prompt: string): Promise<string>;
}

const columnsDefault = 120;

/** Wraps a process stream. The reading end may close early, as `aos … | head` does; that is no error. */
export function sinkOf(stream: NodeJS.WriteStream): Sink {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  return {
    get isTTY() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns ?? columnsDefault;
    },
    write: (text) => void stream.write(text),
  };
}
