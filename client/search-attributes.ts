import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

export const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

/** A text in a query of the visibility index. */
export function quote(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
