import type { Row } from './api-client';
import type { Session } from './session';
import { firstOf, renderFields } from './table';

/** Shows a new secret so that it is not overlooked: nobody, we included, can show it again. */
export function showSecretOnce(
  session: Session,
  data: Row,
  secretFields: readonly string[],
  entries: readonly (readonly [string, unknown])[],
): void {
  session.show(
    data,
    () =>
      `${renderFields(entries)}\n` +
      `  ${session.colors.bold(String(firstOf(data, secretFields) ?? '–'))}\n\n` +
      'Keep this key now: it is not stored and cannot be shown again.\n',
  );
}
