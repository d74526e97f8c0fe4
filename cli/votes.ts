import type { Row } from './api-client';
import { printable } from './text';

/** `1 of 2`: how many people have approved a call, of how many. */
export function votesOf({ votes, approvers_needed: needed }: Row): string {
  const said = Array.isArray(votes) ? (votes as Row[]).filter(({ decision }) => decision === 'approve').length : 0;
  return `${said} of ${printable(needed)}`;
}
