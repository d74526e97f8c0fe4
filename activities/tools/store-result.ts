import { hash } from 'node:crypto';
import { resultName } from '../../contracts/content-box';
import { callLimits } from '../../contracts/tool-calls';
import type { ToolResult } from '../adapters/mcp/port';
import type { CallDependencies } from './call-dependencies';

/** Encrypts a result as the server sent it: small ones for the row of the call, larger ones go to the object store. */
export async function storeResult(
  { box, objects }: Pick<CallDependencies, 'box' | 'objects'>,
  { tenantId, invocationId, result }: { tenantId: string; invocationId: string; result: ToolResult },
) {
  const plain = Buffer.from(JSON.stringify(result));
  const sealed = await box.seal(tenantId, resultName(invocationId), plain);
  const described = { hash: hash('sha256', plain, 'hex'), bytes: plain.length };
  if (plain.length <= callLimits.inlineBytes) return { ...described, sealed: sealed.toString('base64') };
  const { sha256 } = await objects.put(tenantId, sealed);
  return { ...described, ref: sha256 };
}
