import type { Command } from 'commander';
import { addListCommand, addReadCommand } from '../../add-command';
import type { CliRun } from '../../deps';
import { nextCommand } from '../../plane-actions';
import { resolvePlane } from '../../resolve-name';
import { action, type Session } from '../../session';
import { column, renderFields, textColumn } from '../../table';

interface ListOptions {
  readonly limit: number;
}

/** `aos planes list | show | stages | history` */
export function addReadCommands(planes: Command, run: CliRun): void {
  addListCommand(planes, 'list', 'the planes of the tenant').action(action(run, list));
  addReadCommand(planes, 'show <plane>', 'one plane, its state and what comes next').action(action(run, show));
  addReadCommand(planes, 'stages <plane>', 'how far each stage of a plane is').action(action(run, stages));
  addListCommand(planes, 'history <plane>', 'the transitions of a plane').action(action(run, history));
}

async function list(session: Session, { limit }: ListOptions): Promise<void> {
  session.showRows(await session.api.list('/planes', limit), planeColumns, 'plane');
}

async function show(session: Session, plane: string): Promise<void> {
  const id = encodeURIComponent(await resolvePlane(session, plane));
  const [row, state] = await Promise.all([session.api.get(`/planes/${id}`), session.api.get(`/lifecycle/${id}/state`)]);
  const name = String(row['name'] ?? plane);
  session.show(row, () =>
    renderFields([
      ...Object.entries(row).filter(([field]) => field !== 'tenant_id' && field !== 'state_history'),
      ['next action', state['next_action']],
      ['next command', nextCommand(name, state['next_action'])],
    ]),
  );
}

async function stages(session: Session, plane: string): Promise<void> {
  const id = encodeURIComponent(await resolvePlane(session, plane));
  session.showRows(await session.api.list(`/lifecycle/${id}/stages`, stagesMax), stageColumns, 'stage');
}

async function history(session: Session, plane: string, { limit }: ListOptions): Promise<void> {
  const id = encodeURIComponent(await resolvePlane(session, plane));
  session.showRows(await session.api.list(`/lifecycle/${id}/audit`, limit), historyColumns, 'event');
}

const stagesMax = 100;

const stageColumns = [
  column('stage', 'stage'),
  column('status', 'status'),
  column('percent', 'percentage'),
  column('attempts', 'attempts'),
  column('started', 'started_at'),
  column('ms', 'duration_ms'),
  column('seconds left', 'eta_seconds'),
  textColumn('message', 'error', 'message'),
];

const planeColumns = [
  column('plane', 'plane_id'),
  column('name', 'name'),
  column('state', 'state'),
  column('type', 'plane_type'),
  column('sensitivity', 'sensitivity_level'),
  column('documents', 'document_count'),
  column('created', 'created_at'),
  textColumn('description', 'description'),
];

const historyColumns = [
  column('time', 'occurred_at'),
  column('event', 'event_type'),
  column('from', 'from_state'),
  column('to', 'to_state'),
  column('action', 'action'),
  column('actor', 'actor_id'),
  textColumn('reason', 'reason'),
];
