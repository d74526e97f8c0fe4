import { encodeVerifier, openNote, parseVerifier, signNote, type Verifier } from '../../evidence/note';
import { SealingHalt, type SigningKey } from './signing-key';

const title = 'AOS signing key';

/** Who signs from now on; signed by the new key, and by the one before it where there is one. */
export function writeKeyRecord(key: SigningKey, former?: SigningKey): string {
  const text = `${title}\n${encodeVerifier(key)}\n${former === undefined ? 'first' : encodeVerifier(former)}\n`;
  return signNote(text, key, ...(former === undefined ? [] : [former]));
}

/** The new key of a record that both keys have signed. Throws SealingHalt when it does not follow on the former. */
export function readKeyRecord(record: string, former: Verifier): Verifier {
  try {
    const [, encoded = '', before] = record.split('\n');
    const next = parseVerifier(encoded);
    const { text, verified } = openNote(record, [next, former]);
    if (!text.startsWith(`${title}\n`) || before !== encodeVerifier(former) || verified.length !== 2) throw new Error();
    return next;
  } catch {
    throw new SealingHalt('the record beside the signing key is not signed by the key before it');
  }
}
