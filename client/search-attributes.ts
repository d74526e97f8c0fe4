import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

export const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);
