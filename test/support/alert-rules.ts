/** The alert rules that are delivered, as Prometheus reads them. */
import { parse } from 'yaml';
import { read } from '../project/tree';

export interface AlertRule {
  alert: string;
  expr: string;
  for: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

export function alertRules(): AlertRule[] {
  const { groups } = parse(read('deploy/prometheus/holdfast.rules.yml')) as { groups: { rules: AlertRule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** Names of ours in an expression. */
export function metricsIn(expression: string): string[] {
  return [...new Set(expression.match(/\bholdfast_[a-z_]+/g))];
}
