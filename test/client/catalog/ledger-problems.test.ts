import type { PointFinding } from '../../../client/catalog/ledger';
import { ledgerSays } from '../../../client/catalog/ledger-problems';
import type { ComponentPoints } from '../../../client/catalog/points';

const now = Date.parse('2026-01-01T12:00:00Z');
const streaming = new Set(['dc01/database']);

function points(findings: Partial<PointFinding>[], more: Partial<ComponentPoints> = {}): ComponentPoints {
  return {
    ...{ site: 'dc01', component: 'database', kind: 'postgres', store: 'hot', systemIdentifier: '1' },
    ...{ moments: [], intervals: [interval], gaps: [] },
    ledger: {
      checkedAt: '2026-01-01T11:59:50Z',
      findings: findings.map((one) => ({
        ...{ fault: 'missing', state: 'lost', timeline: 1, foundAt: '2026-01-01T11:00:00Z', text: 'it is gone' },
        ...one,
      })),
    },
    ...more,
  };
}
const interval = { timeline: 1, from: '', to: '', fromLsn: '0/1', toLsn: '0/2', backups: ['b'] };
const text = 'database (dc01), store hot: it is gone';

test('what is missing fails status, what somebody knows of and what was put back is told', () => {
  expect(ledgerSays([points([{}])], streaming, now)).toEqual({ problems: [text], warnings: [] });
  expect(ledgerSays([points([{ state: 'open' }])], streaming, now).problems).toHaveLength(1);
  expect(ledgerSays([points([{ acknowledged: true }])], streaming, now)).toEqual({ problems: [], warnings: [text] });
  expect(ledgerSays([points([{ state: 'healed' }])], streaming, now)).toEqual({ problems: [], warnings: [text] });
});

test('what was put back yesterday is history', () => {
  const old = { state: 'healed', foundAt: '2025-12-31T11:00:00Z' } as const;
  expect(ledgerSays([points([old])], streaming, now)).toEqual({ problems: [], warnings: [] });
});

test('that nobody looks is a problem, where a shipper runs', () => {
  const stale = points([], { ledger: { checkedAt: '2026-01-01T11:50:00Z', findings: [] } });
  expect(ledgerSays([stale], streaming, now).problems).toEqual([
    'database (dc01), store hot: nobody has looked at the stored WAL for 10m',
  ]);
  expect(ledgerSays([stale], new Set(), now).problems).toEqual([]);
  const fresh = points([], { systemIdentifier: '2' });
  expect(ledgerSays([stale, fresh], streaming, now).problems).toEqual([]);
});

test('WAL of another system than the backups is told', () => {
  const other = points([], { systemIdentifier: '2', intervals: [] });
  const before = points([], { ledger: { checkedAt: '2026-01-01T10:00:00Z', findings: [] } });
  expect(ledgerSays([before, other], streaming, now).warnings).toEqual([
    expect.stringContaining('is now of system 2, its backups of system 1'),
  ]);
});
