import { hash } from 'node:crypto';
import { resultName } from '../../contracts/content-box';
import { callLimits } from '../../contracts/tool-calls';
import type { ToolResult } from '../adapters/mcp/port';
import { redactResult } from '../../operations/tools/redaction/redact';
import type { CallDependencies } from './call-dependencies';

interface AnsweredCall {
  readonly tenantId: string;
  readonly invocationId: string;
  readonly result: ToolResult;
  /** JSONPath into what is not stored. */
  readonly redactions: readonly string[];
}

/** Encrypts a result as the server sent it, but for what policies have replaced: small ones for the row of the call, larger ones go to the object store. */
export async function storeResult(
  { box, objects }: Pick<CallDependencies, 'box' | 'objects'>,
  { tenantId, invocationId, result: answered, redactions }: AnsweredCall,
) {
  const { result, replaced } = redactResult(answered, redactions);
  const plain = Buffer.from(JSON.stringify(result));
  const sealed = await box.seal(tenantId, resultName(invocationId), plain);
  const told = redactions.length === 0 ? {} : { replaced };
  const described = { hash: hash('sha256', plain, 'hex'), bytes: plain.length, ...told };
  if (plain.length <= callLimits.inlineBytes) return { ...described, sealed: sealed.toString('base64') };
  const { sha256 } = await objects.put(tenantId, sealed);
  return { ...described, ref: sha256 };
}
