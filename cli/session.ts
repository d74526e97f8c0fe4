import pc from 'picocolors';
import type { Command } from 'commander';
import { createApiClient, type ApiClient, type Page } from './api-client';
import { readCommonOptions, type CommonOptions } from './common-options';
import { readCredentials } from './credentials';
import type { CliDeps, CliRun } from './deps';
import type { ExitCode } from './exit-codes';
import { renderTable, type Column } from './table';
import { counted, plural } from './text';

/** What one command works with: the API under the chosen key, and the way to show results. */
export interface Session {
  readonly api: ApiClient;
  readonly run: CliRun;
  readonly json: boolean;
  readonly colors: ReturnType<typeof pc.createColors>;
  readonly idempotencyKey: string | undefined;
  /** With --json the data and nothing else; else the text. */
  show(data: unknown, text: () => string): void;
  showRows(page: Page, columns: readonly Column[], noun: string): void;
  /** A remark for people; with --json it is left out. */
  note(text: string): void;
  end(exitCode: ExitCode): void;
}

export interface SessionOptions {
  /** Common options that this command uses for something of its own. */
  readonly own?: readonly (keyof CommonOptions)[];
  /** Whose key is used when the caller names no role. */
  readonly roleDefault?: (args: readonly unknown[]) => CommonOptions['role'];
}

type Handler<A extends unknown[]> = (session: Session, ...args: A) => Promise<void>;

/** Turns a handler into a commander action: arguments first, then the command's own options. */
export function action<A extends unknown[]>(run: CliRun, handler: Handler<A>, options: SessionOptions = {}) {
  return async (...received: unknown[]): Promise<void> => {
    const command = received.at(-1) as Command;
    const args = received.slice(0, -1);
    await handler(openSession(command, args, run, options), ...(args as A));
  };
}

function openSession(
  command: Command,
  args: unknown[],
  run: CliRun,
  { own = [], roleDefault }: SessionOptions,
): Session {
  const common = readCommonOptions(command, own);
  const fromEnvironment = (run.env.AOS_API_KEY ?? '') !== '';
  const role = common.role ?? (fromEnvironment ? undefined : roleDefault?.(args));
  const credentials = readCredentials(run, { ...common, ...(role === undefined ? {} : { role }) });
  const idempotencyKey = common.idempotencyKey;
  const json = common.json === true;

  const session: Session = {
    api: createApiClient({
      credentials,
      fetch: run.fetch,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    }),
    run,
    json,
    colors: pc.createColors(usesColors(run) && !json),
    idempotencyKey,
    show(data, text) {
      run.stdout.write(json ? `${JSON.stringify(data, null, 2)}\n` : text());
    },
    showRows(page, columns, noun) {
      session.show({ items: page.items }, () =>
        page.items.length === 0
          ? `no ${plural(noun)}\n`
          : renderTable(columns, page.items, run.stdout.columns, session.colors.bold),
      );
      if (page.hasMore) session.note(`${counted(page.items.length, noun)} shown, there are more: raise --limit`);
    },
    note(text) {
      if (!json) run.stderr.write(`${text}\n`);
    },
    end(exitCode) {
      run.exitCode = exitCode;
    },
  };
  return session;
}

function usesColors({ env, stdout }: CliDeps): boolean {
  return stdout.isTTY && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}
