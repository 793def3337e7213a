/** The alerts that are delivered: each speaks of metrics that there are. That a worker serves them is tried in `test/real/objectives.test.ts`. */
import { parse } from 'yaml';
import { metrics } from '../../domain/metrics';
import { alertRules, metricsIn } from '../support/alert-rules';
import { read } from './tree';

test('every alert has an expression, a time to wait, a severity and a sentence for people', () => {
  expect(alertRules().length).toBeGreaterThan(9);
  for (const rule of alertRules()) {
    expect(rule).toEqual({
      alert: expect.stringMatching(/^Holdfast[A-Za-z]+$/),
      expr: expect.any(String),
      for: expect.stringMatching(/^\d+[smh]$/),
      labels: { severity: expect.stringMatching(/^(critical|warning)$/) },
      annotations: expect.objectContaining({ summary: expect.any(String) }),
    });
  }
  expect(new Set(alertRules().map(({ alert }) => alert)).size).toBe(alertRules().length);
});

test('every metric that a rule names is one of ours', () => {
  const named = alertRules().flatMap(({ expr }) => metricsIn(expr));
  expect(named.length).toBeGreaterThan(9);
  expect(named.filter((name) => !Object.hasOwn(metrics, name))).toEqual([]);
});

test('the manual tells every metric, and no other', () => {
  const told = [...read('docs/metrics.md').matchAll(/^\| `(holdfast_[a-z_]+)` \|/gm)].map(([, name]) => name);
  expect(told.sort()).toEqual(Object.keys(metrics).sort());
});

test('the file is YAML without a warning', () => {
  expect(() => parse(read('deploy/prometheus/holdfast.rules.yml'), { strict: true })).not.toThrow();
});
