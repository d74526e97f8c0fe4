/** State of a tree at one moment (C2SP tlog-checkpoint). */
export interface Checkpoint {
  /** Which tree: `aos/{installation}/{tenant}/{epoch}`. */
  readonly origin: string;
  readonly size: number;
  /** 32 bytes. */
  readonly root: Buffer;
}

/** The text that is signed: origin, size and base64 root, a line each. */
export function checkpointText({ origin, size, root }: { origin: string; size: number; root: Uint8Array }): string {
  if (origin === '' || /[\n\r]/.test(origin)) throw new RangeError('an origin is one line');
  if (!Number.isSafeInteger(size) || size < 0 || root.byteLength !== 32) throw new RangeError('not a state of a tree');
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`;
}

/** Reads the text of a checkpoint; further lines are extensions and passed over. Throws RangeError when it is none. */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', decimal = '', encoded = ''] = text.split('\n');
  const size = Number(decimal);
  const root = Buffer.from(encoded, 'base64');
  const isRoot = root.byteLength === 32 && root.toString('base64') === encoded;
  if (origin === '' || !/^(0|[1-9][0-9]*)$/.test(decimal) || !Number.isSafeInteger(size) || !isRoot) {
    throw new RangeError('a checkpoint is an origin, a number of leaves, and a base64 root, a line each');
  }
  return { origin, size, root };
}

/** The origin of a tenant's tree. */
export function originOf(installationId: string, tenantId: string, epoch: number): string {
  return `aos/${installationId}/${tenantId}/${epoch}`;
}
