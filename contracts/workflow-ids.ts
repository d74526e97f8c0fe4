/** The one workflow of a plane. An id names it; it is never a capability. */
export function planeWorkflowId(tenantId: string, planeId: string): string {
  return `plane:${tenantId}:${planeId}`;
}

/** The clock of a plane in the engine, and the beginning of the ids of its runs. */
export function planeScheduleId(tenantId: string, planeId: string): string {
  return `sync:${tenantId}:${planeId}`;
}

/** The one workflow that watches a tool server. */
export function serverWorkflowId(tenantId: string, serverId: string): string {
  return `server:${tenantId}:${serverId}`;
}

/** The one workflow that carries a throw to the workflows in its scope. */
export function fanOutWorkflowId(scope: string, switchId: string, epoch: number): string {
  return `kill:${scope}:${switchId}:${epoch}`;
}
