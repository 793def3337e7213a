/** Recovery tests of sites as one page: each scenario with its backup, outcome, duration and evidence; the newest run first. */
import { formatDuration } from '../domain/config/units';
import type { RecoveryTestResult, ScenarioResult } from '../domain/verification/results';
import { escapeHtml, page } from './html';

const words: Record<ScenarioResult['status'], string> = {
  proved: 'proved',
  failed: 'failed',
  could_not_run: 'could not run',
};

/** @param results newest first, at least one */
export function recoveryTestPage(system: string, sites: string[], results: RecoveryTestResult[]): string {
  const title = `Recovery tests of ${system}, ${sites.join(', ')}, ${results[0]?.startedAt ?? 'none'}`;
  return page(title, [`<h1>${escapeHtml(title)}</h1>`, ...results.map(oneRun)].join('\n'));
}

function oneRun({ site, startedAt, endedAt, status, scenarios }: RecoveryTestResult): string {
  const proved = scenarios.filter((one) => one.status === 'proved').length;
  return [
    `<h2>${escapeHtml(`${site}, ${startedAt}`)}</h2>`,
    `<p class="outcome ${classOf(status)}">${proved} of ${scenarios.length} scenarios proved</p>`,
    `<p class="soft">${escapeHtml(`from ${startedAt} to ${endedAt}`)}</p>`,
    ...scenarios.map(oneScenario),
  ].join('\n');
}

function oneScenario({
  scenario,
  status,
  backupId,
  chosen,
  seed,
  seconds,
  evidence,
  warnings,
  error,
}: ScenarioResult): string {
  const facts = [
    ['Status', words[status]],
    ['Backup', backupId ?? 'none'],
    ...(chosen === undefined ? [] : [['Chosen', chosen]]),
    ...(seed === undefined ? [] : [['Drawn by', seed]]),
    ['Duration', formatDuration(seconds * 1000)],
    ...(error === undefined ? [] : [['Error', `${error.code}: ${error.message}`]]),
  ];
  const rows = facts.map(([label = '', value = '']) => `<dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd>`);
  return [
    `<h3 class="${classOf(status)}">${escapeHtml(scenario)}</h3>`,
    `<dl>${rows.join('\n')}</dl>`,
    list('Evidence', evidence),
    list('Warnings', warnings),
  ].join('\n');
}

function list(title: string, lines: string[]): string {
  if (lines.length === 0) return '';
  return `<p class="soft">${title}</p>\n<ul>${lines.map((one) => `<li>${escapeHtml(one)}</li>`).join('\n')}</ul>`;
}

function classOf(status: ScenarioResult['status']): string {
  return status === 'proved' ? 'completed' : 'failed';
}
