/** What pages are made of in these tests: with every outcome, and text that would be markup. */
import type { ReceiptDetails } from '../../domain/backup';
import type { RecoveryTestResult } from '../../domain/verification/results';

export const receipt: ReceiptDetails = {
  ...{ procedure: 'restore', workflowId: 'restore/shop/dc01/in-place', runId: 'r', status: 'completed' },
  ...{ startedAt: '2026-01-02T03:04:05.000Z', endedAt: '2026-01-02T03:04:25.000Z' },
  steps: [
    { title: 'fetch WAL', startedAt: '2026-01-02T03:04:05.000Z', seconds: 5, outcome: 'completed' },
    { title: 'place packs', startedAt: '2026-01-02T03:04:10.000Z', seconds: 15, outcome: 'failed' },
    { title: 'old data back', startedAt: '2026-01-02T03:04:25.000Z', seconds: 0, outcome: 'undo failed' },
  ],
  ...{ warnings: ['one object was slow'], bytes: 3 << 20, sequence: 1, previous: '0'.repeat(64) },
};

export const testedSite: RecoveryTestResult = {
  ...{ format: 1, system: 'shop', site: 'dc01', runId: 'r', status: 'failed' },
  ...{ startedAt: '2026-01-31T10:00:00.000Z', endedAt: '2026-01-31T10:05:00.000Z' },
  scenarios: [
    {
      ...{ scenario: 'full_recovery', status: 'proved', backupId: 'shop_full_20260131_020000', seconds: 61 },
      ...{ startedAt: '2026-01-31T10:00:00.000Z', evidence: ['table "<b>x</b>" was read'], warnings: [] },
    },
    {
      ...{ scenario: 'data_corruption', status: 'failed', seconds: 2, startedAt: '2026-01-31T10:02:00.000Z' },
      ...{ evidence: [], warnings: ['one'], error: { code: 'validation_failed', message: 'damage was not found' } },
    },
    {
      ...{ scenario: 'cross_site_recovery', status: 'could_not_run', seconds: 0 },
      ...{ startedAt: '2026-01-31T10:04:00.000Z', evidence: [], warnings: [] },
    },
  ],
};
