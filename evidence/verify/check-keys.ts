import type { ExportHeader } from '../export-format';
import { readKeyRecord } from '../key-record';
import { encodeVerifier, keyId, parseVerifier, type Verifier } from '../note';
import type { Findings } from './finding';

export interface KeyRing {
  /** Keys whose chain holds, oldest first. */
  readonly keys: readonly Verifier[];
  /** True when the caller named one of them; else they are the file's own word. */
  readonly isTrusted: boolean;
}

/** Checks that each key was introduced by the one before it, and that the key which the caller knows is among them. */
export function checkKeys(
  { public_keys: published }: Pick<ExportHeader, 'public_keys'>,
  known: readonly Verifier[],
  findings: Findings,
): KeyRing {
  const keys: Verifier[] = [];
  for (const { verifier, record } of published) {
    const problem = whatIsWrong(verifier, record, keys.at(-1));
    if (problem !== undefined) {
      findings.add({ check: 'key_chain', field: 'public_keys', message: `the key ${verifier}: ${problem}` });
      break;
    }
    keys.push(parseVerifier(verifier));
  }
  const names = new Set(keys.map(encodeVerifier));
  const isTrusted = known.some((each) => names.has(encodeVerifier(each)));
  if (known.length > 0 && !isTrusted) {
    const ids = keys.map(({ name, publicKey }) => `${name}+${keyId(name, publicKey)}`).join(', ');
    findings.add({
      check: 'unknown_key',
      field: 'public_keys',
      message: `the file is signed by ${ids === '' ? 'no key' : ids}, and none is the key that you gave`,
    });
  }
  return { keys: known.length > 0 && !isTrusted ? known : keys, isTrusted };
}

function whatIsWrong(verifier: string, record: string, before: Verifier | undefined): string | undefined {
  try {
    const { key, former } = readKeyRecord(record);
    if (encodeVerifier(key) !== verifier) return 'its record speaks of another key';
    if (former === undefined)
      return before === undefined ? undefined : 'it follows on another, but says it is the first';
    if (before === undefined) return undefined;
    return encodeVerifier(former) === encodeVerifier(before) ? undefined : 'it does not follow on the key before it';
  } catch (error) {
    return (error as Error).message;
  }
}
