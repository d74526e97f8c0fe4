import type { CredentialChoice } from '../credentials';
import type { CliDeps } from '../deps';

export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'warn' | 'fail' | 'skipped';
  readonly message: string;
  /** What to do about it. */
  readonly next?: string;
}

/** What every check may look at. */
export interface Patient {
  readonly deps: CliDeps;
  readonly dataDir: string;
  readonly choice: CredentialChoice;
}

export type Check = (patient: Patient) => Promise<readonly Finding[]>;

export const ok = (check: string, message: string): Finding => ({ check, status: 'ok', message });
export const warn = (check: string, message: string, next: string): Finding => ({
  check,
  status: 'warn',
  message,
  next,
});
export const fail = (check: string, message: string, next: string): Finding => ({
  check,
  status: 'fail',
  message,
  next,
});
export const skipped = (check: string, message: string): Finding => ({ check, status: 'skipped', message });
