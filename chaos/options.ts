import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { faultIds, type FaultId } from './faults/catalogue';

export interface ChaosOptions {
  readonly seed: number;
  readonly faults: readonly FaultId[];
  readonly minutes: number;
  readonly keepsData: boolean;
}

// Tampering would be found, which is a mode of its own.
const faultsDefault = faultIds.filter((fault) => fault !== 'F13');

/** `--seed N --faults F1,F4 --minutes M --keep`; a random seed, all faults but F13, and one minute without them. */
export function readOptions(args: readonly string[]): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      faults: { type: 'string' },
      minutes: { type: 'string', default: '1' },
      keep: { type: 'boolean', default: false },
    },
  });
  const seed = values.seed === undefined ? randomInt(1_000_000) : Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error('--seed must be a whole number from 0 on');
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= 600)) throw new Error('--minutes must be a number above 0, 600 at most');
  return { seed, minutes, faults: faultsOf(values.faults), keepsData: values.keep };
}

function faultsOf(text: string | undefined): readonly FaultId[] {
  if (text === undefined) return faultsDefault;
  if (text === 'none') return [];
  const wanted = text.split(',').map((each) => each.trim().toUpperCase());
  const unknown = wanted.find((each) => !(faultIds as readonly string[]).includes(each));
  if (unknown !== undefined) throw new Error(`--faults: there is no ${unknown}; there are ${faultIds.join(', ')}`);
  return faultIds.filter((fault) => wanted.includes(fault));
}
