/** Search attributes of every procedure: find runs in the Web UI by what they touched and how they ended. */
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

export const attributes = {
  procedure: defineSearchAttributeKey('HoldfastProcedure', SearchAttributeType.KEYWORD),
  site: defineSearchAttributeKey('HoldfastSite', SearchAttributeType.KEYWORD),
  tier: defineSearchAttributeKey('HoldfastTier', SearchAttributeType.KEYWORD),
  backup: defineSearchAttributeKey('HoldfastBackup', SearchAttributeType.KEYWORD),
  /** Of scheduled runs: `system/store` of every store they work with, from their start. */
  stores: defineSearchAttributeKey('HoldfastStores', SearchAttributeType.KEYWORD_LIST),
  outcome: defineSearchAttributeKey('HoldfastOutcome', SearchAttributeType.KEYWORD),
};
