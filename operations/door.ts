import { EngineError } from '../contracts/errors';
import type { ExecutionContext } from '../contracts/execution-context';
import { appendAudit, prepareEvent } from './transaction/audit';
import type { Database } from './transaction/database';
import { toEngineFault } from './transaction/faults';
import { inTransaction } from './transaction/transaction';
import { refusalEntry } from './transaction/work';

export type AuditDoor = (context: ExecutionContext, error: EngineError, action: string) => Promise<void>;

const textMax = 500;
const depthMax = 4;

/** Records refusals that happen before any operation is asked: unknown keys, missing permissions, unfit input. */
export function createAuditDoor(db: Database): AuditDoor {
  return async (context, error, action) => {
    try {
      await inTransaction(db, context, async (open) => {
        open.passed = true;
        const entry = refusalEntry(action, storable(error), 'AccessRefused');
        await appendAudit(open.tx, { context, action }, [prepareEvent(entry)]);
      });
    } catch (fault) {
      throw toEngineFault(fault);
    }
  };
}

// Names of unknown fields are the caller's own words: of any length, and not always well-formed text.
function storable({ code, message, reason, details }: EngineError): EngineError {
  return new EngineError(code, clean(message), {
    ...(reason !== undefined && { reason }),
    ...(details !== undefined && { details: cleanValue(details, depthMax) as Record<string, unknown> }),
  });
}

function cleanValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return clean(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return null;
  if (Array.isArray(value)) return value.map((item) => cleanValue(item, depth - 1));
  const members = Object.entries(value).map(([name, member]) => [clean(name), cleanValue(member, depth - 1)] as const);
  return Object.fromEntries(members);
}

function clean(text: string): string {
  return text.slice(0, textMax).toWellFormed().replaceAll('\u0000', '\ufffd');
}
