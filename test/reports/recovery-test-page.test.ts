import type { RecoveryTestResult } from '../../domain/verification/results';
import { recoveryTestPage } from '../../reports/recovery-test-page';

const result: RecoveryTestResult = {
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

test('a page says of each scenario what was restored, how it ended and what was shown, and nothing of it is markup', () => {
  const html = recoveryTestPage('shop', ['dc01'], [result]);
  expect(html).toContain('<title>Recovery tests of shop, dc01, 2026-01-31T10:00:00.000Z</title>');
  for (const text of [
    '1 of 3 scenarios proved',
    'shop_full_20260131_020000',
    'damage was not found',
    'could not run',
  ]) {
    expect(html).toContain(text);
  }
  expect(html).not.toContain('<b>x</b>');
  expect(html).toContain('&lt;b&gt;x&lt;/b&gt;');
  expect(html).toContain('prefers-color-scheme: dark');
});
