import type { ExportEnd, ExportEvent, ExportHeader } from '../export-format';
import { at } from './check-event';
import type { Findings } from './finding';

export interface OrderCheck {
  add(event: ExportEvent): void;
  finish(end: ExportEnd): void;
  readonly events: number;
  /** False when events stand in the wrong order or some are missing: the tree cannot be computed then. */
  readonly isComplete: boolean;
}

/** Checks what events are to each other: order, gaps, doubles, and the chain of hashes. */
export function checkOrder(
  { coverage, tree }: Pick<ExportHeader, 'coverage' | 'tree'>,
  findings: Findings,
): OrderCheck {
  const ids = new Set<string>();
  let [events, isComplete] = [0, true];
  let before: ExportEvent | undefined;

  function broken(finding: Parameters<Findings['add']>[0]): void {
    isComplete = false;
    findings.add({ ...finding, field: 'index' });
  }

  function missing(from: number, to: number, next?: ExportEvent): void {
    const leaves = to - from === 1 ? `leaf ${from} is` : `leaves ${from} to ${to - 1} are`;
    const message = `${leaves} missing from a file that claims to be whole`;
    broken(next === undefined ? { check: 'sequence', message, index: from } : at(next, { check: 'sequence', message }));
  }

  function checkPlace(event: ExportEvent): void {
    const next = before === undefined ? (coverage.type === 'range' ? coverage.from : 0) : before.index + 1;
    if (event.index < next) {
      const message =
        before === undefined
          ? `lies before leaf ${next}, with which the file says it begins`
          : `stands behind leaf ${before.index}: events are in the order of their leaves, each once`;
      return broken(at(event, { check: 'sequence', message }));
    }
    if (coverage.type === 'range' && event.index > next) missing(next, event.index, event);
    if (event.index >= tree.size) {
      broken(at(event, { check: 'sequence', message: `lies outside of the tree, which has ${tree.size} leaves` }));
    }
  }

  function checkChain(event: ExportEvent): void {
    const link = event.index === 0 ? null : before?.index === event.index - 1 ? before.integrity_hash : undefined;
    if (link === undefined && event.previous_hash === null) {
      const message = 'previous_hash is null, but only the first leaf has none before it';
      findings.add(at(event, { check: 'previous_hash', field: 'previous_hash', message }));
    }
    if (link === undefined || link === event.previous_hash) return;
    const should =
      link === null
        ? 'this is the first leaf'
        : `the event before it, ${before?.event_id}, has integrity_hash ${link}: one of the two was changed, or something between them removed`;
    const message = `previous_hash is ${event.previous_hash}, but ${should}`;
    findings.add(at(event, { check: 'previous_hash', field: 'previous_hash', message }));
  }

  return {
    get events() {
      return events;
    },
    get isComplete() {
      return isComplete;
    },
    add(event) {
      events += 1;
      if (ids.has(event.event_id)) {
        findings.add(at(event, { check: 'duplicate', field: 'event_id', message: 'this event is in the file twice' }));
      }
      ids.add(event.event_id);
      checkPlace(event);
      checkChain(event);
      before = event;
    },
    finish(end) {
      if (end.events !== events) {
        const message = `the file says that it holds ${end.events} events, and holds ${events}`;
        findings.add({ check: 'count', field: 'end.events', message });
      }
      if (coverage.type !== 'range') return;
      const next = before === undefined ? coverage.from : before.index + 1;
      if (next < coverage.to) missing(next, coverage.to);
      if (before !== undefined && before.index >= coverage.to) {
        broken(
          at(before, {
            check: 'sequence',
            message: `lies behind leaf ${coverage.to - 1}, with which the file says it ends`,
          }),
        );
      }
    },
  };
}
