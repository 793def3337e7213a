import { procedureReport } from '../../reports/procedure-report';
import { receipt } from './samples';

const base = { title: 'Restore', verdict: { good: true, sentence: 'done' }, facts: [], events: [] };

test('every step is a bar as long as it took, and says how it ended', () => {
  const page = procedureReport({ ...base, receipt });
  const widths = [...page.matchAll(/<rect class="bar-([a-z-]+)" x="[\d.]+" y="\d+" width="([\d.]+)"/g)];
  expect(widths.map(([, outcome]) => outcome)).toEqual(['completed', 'failed', 'undo-failed']);
  expect(Number(widths[1]?.[2]) / Number(widths[0]?.[2])).toBeCloseTo(3, 2);
  expect(page).toContain('old data back (undo failed)');
});

test('what happened from outside is a numbered line in the chart and in a list', () => {
  const events = [{ at: '2026-01-02T03:04:15.000Z', label: 'kill -9' }];
  const page = procedureReport({ ...base, receipt, events });
  // Half way through twenty seconds.
  expect(page).toContain('<line class="mark" x1="580" x2="580"');
  expect(page).toContain('kill -9</li>');
});

test('numbers and warnings of the receipt are told', () => {
  const page = procedureReport({ ...base, receipt });
  for (const text of ['3.0 MiB', 'one object was slow', '20s']) expect(page).toContain(text);
});

test('nothing that a receipt holds becomes markup', () => {
  const evil = '<img src=x onerror="alert(1)">&\'';
  const steps = [{ ...(receipt.steps[0] as (typeof receipt.steps)[number]), title: evil }];
  const page = procedureReport({
    ...{ title: evil, verdict: { good: false, sentence: evil }, facts: [{ label: evil, value: evil }] },
    ...{ events: [{ at: evil, label: evil }], receipt: { ...receipt, steps, warnings: [evil] } },
  });
  expect(page).not.toContain('<img');
  expect(page.match(/&lt;img/g)?.length).toBeGreaterThanOrEqual(8);
});

test('a procedure without a receipt is told without a chart', () => {
  const page = procedureReport({ ...base, verdict: { good: false, sentence: 'it did not start' } });
  expect(page).toContain('it did not start');
  expect(page).not.toContain('<svg');
});

test('a page asks nothing of any network and runs nothing', () => {
  expect(procedureReport({ ...base, receipt })).not.toMatch(/<script|https?:|url\(|@import|<link/);
});
