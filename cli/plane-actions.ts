import type { PlaneActionName } from '../contracts/knowledge';
import { usageFailure } from './failures';
import { shellWord } from './text';

const actionByWord: Readonly<Record<string, PlaneActionName>> = {
  verify: 'verify_knowledge_plane',
  ingest: 'ingest_knowledge_plane',
  index: 'index_knowledge_plane',
  classify: 'classify_knowledge_plane',
  'request-activation': 'request_activation',
  activate: 'activate_knowledge_plane',
  retry: 'retry_knowledge_plane',
  fail: 'fail_knowledge_plane',
  deregister: 'deregister_knowledge_plane',
  'cancel-deregister': 'cancel_deregister_knowledge_plane',
  deactivate: 'deactivate_knowledge_plane',
  archive: 'archive_knowledge_plane',
  purge: 'purge_knowledge_plane',
  erase: 'erase_failed_knowledge_plane',
};

/** The words that `planes transition` takes. */
export const planeActionWords = Object.keys(actionByWord);

/** The action that a short word means; an action's full name stays as it is. */
export function planeAction(word: string): PlaneActionName {
  const action = Object.hasOwn(actionByWord, word) ? actionByWord[word] : undefined;
  if (action !== undefined) return action;
  const known = Object.values(actionByWord).find((each) => each === word);
  if (known !== undefined) return known;
  throw usageFailure(`unknown action ${word}`, `one of: ${planeActionWords.join(', ')}`);
}

/** The command that carries out what the lifecycle names as `next_action`. */
export function nextCommand(plane: string, nextAction: unknown): string | undefined {
  if (typeof nextAction !== 'string' || nextAction === '') return undefined;
  const name = shellWord(plane);
  if (nextAction === 'bind_policy') return `aos planes bind ${name} <policy>`;
  const word = planeActionWords.find((each) => each === nextAction || actionByWord[each] === nextAction);
  return word === undefined ? undefined : `aos planes transition ${name} ${word} --reason "…"`;
}
