import { EngineError } from '../../contracts/errors';
import type { PrismaClient, Transaction } from '../client';

const limits = { maxWait: 5_000, timeout: 10_000 };

/** Reads as the tenant: row-level security shows its rows and no others. */
export async function readAs<T>(
  prisma: PrismaClient,
  tenantId: string,
  read: (tx: Transaction) => Promise<T>,
): Promise<T> {
  try {
    return await prisma.$transaction(async (tx) => {
      await tx.$queryRaw`select set_config('aos.tenant', ${tenantId}, true)`;
      return read(tx);
    }, limits);
  } catch (error) {
    throw toReadFault(error);
  }
}

// Cannot be reached, is full, or took too long: the words of Prisma for what a caller may try again.
const passingCodes = new Set(['P1001', 'P1002', 'P1008', 'P1011', 'P1017', 'P2024', 'P2028', 'P2037']);
const passingText =
  /ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|Connection terminated|timeout exceeded|shutting down|starting up/;

function toReadFault(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof EngineError) return error;
  const code = 'code' in error ? String(error.code) : '';
  const isPassing = passingCodes.has(code) || passingText.test(`${error.message} ${causeText(error)}`);
  return isPassing
    ? new EngineError('service_unavailable', 'the database cannot be reached; try again', { cause: error })
    : error;
}

function causeText({ cause }: Error): string {
  return cause instanceof Error ? `${cause.message} ${causeText(cause)}` : JSON.stringify(cause ?? '');
}
