import type { ExportHeader } from '../export-format';
import { at, type CheckedEvent } from './check-event';
import type { Findings } from './finding';

export interface SelectionCheck {
  add(checked: CheckedEvent): void;
  finish(): void;
}

/** Checks that the file holds what it says was asked for: as much of the tree, and events of that run, plane or period. */
export function checkSelection(
  { selection, coverage, tree }: Pick<ExportHeader, 'selection' | 'coverage' | 'tree'>,
  findings: Findings,
): SelectionCheck {
  let first: CheckedEvent | undefined;
  let last: CheckedEvent | undefined;

  if (coverage.type === 'range' && (coverage.from > coverage.to || coverage.to > tree.size)) {
    const message = `there are no leaves from ${coverage.from} up to ${coverage.to} in a tree of ${tree.size}`;
    findings.add({ check: 'selection', field: 'coverage', message });
  } else if (selection.type === 'all' && !isAll()) {
    const message = `the file is of everything, but does not claim to hold all ${tree.size} leaves`;
    findings.add({ check: 'selection', field: 'coverage', message });
  } else if (selection.type === 'period' && coverage.type !== 'range') {
    const message = 'the file is of a period, but does not claim to be whole';
    findings.add({ check: 'selection', field: 'coverage', message });
  }

  function isAll(): boolean {
    return coverage.type === 'range' && coverage.from === 0 && coverage.to === tree.size;
  }

  function checkBelongs({ event, payload }: CheckedEvent, field: 'run_id' | 'plane_id', asked: string): void {
    if (payload === undefined || payload[field] === asked) return;
    const message = `the file is of ${field} ${asked}, and the hashed bytes of this event are of another`;
    findings.add(at(event, { check: 'selection', field, message }));
  }

  // What lies between the first and the last may be of another time: leaves are in the order in which they were committed.
  function checkBound({ event, payload }: CheckedEvent): void {
    if (selection.type !== 'period' || payload === undefined) return;
    const said = payload['occurred_at'];
    const time = typeof said === 'string' ? Date.parse(said) : NaN;
    const isLate = selection.from === null || time >= Date.parse(selection.from);
    // Bounds finer than a millisecond are cut by parsing.
    const isEarly = selection.to === null || time <= Date.parse(selection.to);
    if (isLate && isEarly) return;
    const message =
      'a period begins and ends with an event of its time, and the hashed bytes of this one are of another';
    findings.add(at(event, { check: 'selection', field: 'occurred_at', message }));
  }

  return {
    add(checked) {
      if (selection.type === 'run') checkBelongs(checked, 'run_id', selection.run_id);
      else if (selection.type === 'plane') checkBelongs(checked, 'plane_id', selection.plane_id);
      first ??= checked;
      last = checked;
    },
    finish() {
      if (first !== undefined) checkBound(first);
      if (last !== undefined && last !== first) checkBound(last);
    },
  };
}
