import type { Command } from 'commander';
import { addWriteCommand } from '../../add-command';
import type { CliRun } from '../../deps';
import { resolvePlane, resolvePolicy } from '../../resolve-name';
import { action, type Session } from '../../session';

/** `aos planes bind | unbind` */
export function addBindCommands(planes: Command, run: CliRun): void {
  addWriteCommand(planes, 'bind <plane> <policy>', 'bind an active policy to a plane').action(
    action(run, (session, plane: string, policy: string) => change(session, plane, policy, 'bind')),
  );
  addWriteCommand(planes, 'unbind <plane> <policy>', 'take a policy off a plane').action(
    action(run, (session, plane: string, policy: string) => change(session, plane, policy, 'unbind')),
  );
}

async function change(session: Session, plane: string, policy: string, verb: 'bind' | 'unbind'): Promise<void> {
  const [planeId, policyId] = await Promise.all([resolvePlane(session, plane), resolvePolicy(session, policy)]);
  const path = `/planes/${encodeURIComponent(planeId)}/${verb}-policy`;
  const data = await session.api.write('POST', path, { policy_id: policyId });
  const done = verb === 'bind' ? 'bound to' : 'taken off';
  session.show(data, () => `${policy} ${done} ${plane} (audit event ${String(data['audit_event_id'])})\n`);
}
