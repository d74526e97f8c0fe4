import { hash } from 'node:crypto';

/** One call for each caller and key: the same again is the same workflow. Lengths keep (a, bc) and (ab, c) apart. */
export function toolCallWorkflowId(tenantId: string, callerId: string, key: string): string {
  const named = `${Buffer.byteLength(callerId)}:${callerId}${Buffer.byteLength(key)}:${key}`;
  return `tool:${tenantId}:${hash('sha256', named, 'hex')}`;
}
