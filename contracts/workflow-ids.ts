/** The one workflow of a plane. An id names it; it is never a capability. */
export function planeWorkflowId(tenantId: string, planeId: string): string {
  return `plane:${tenantId}:${planeId}`;
}
