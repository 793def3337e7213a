/**
 * Evidence as pages: what a procedure's receipt says, for people, in one HTML file that needs no network and no script.
 * Guaranteed: nothing of a receipt can become markup. Not guaranteed: truth; that is the receipt's business and its chain's.
 */
import type { ReceiptDetails } from '../domain/backup';
import { formatBytes, formatDuration } from '../domain/config/units';
import { escapeHtml, page } from './html';
import { type Event, timeline } from './timeline';

export interface Fact {
  label: string;
  value: string;
}

export interface ProcedureReport {
  title: string;
  /** Absent: the procedure came to no receipt. */
  receipt?: Omit<ReceiptDetails, 'sequence' | 'previous'>;
  /** The one sentence that a reader in a hurry wants. */
  verdict: { good: boolean; sentence: string };
  /** Told before the receipt's own. */
  facts: Fact[];
  events: Event[];
}

export function procedureReport({ title, receipt, verdict, facts, events }: ProcedureReport): string {
  const outcome = verdict.good ? 'completed' : 'failed';
  return page(
    title,
    [
      `<h1>${escapeHtml(title)}</h1>`,
      `<p class="outcome ${outcome}">${escapeHtml(verdict.sentence)}</p>`,
      factList([...facts, ...(receipt ? factsOf(receipt) : [])]),
      receipt && receipt.steps.length > 0 ? `<h2>What took how long</h2>\n${timeline(receipt.steps, events)}` : '',
      eventList(events),
      receipt ? warningList(receipt.warnings) : '',
    ].join('\n'),
  );
}

function factsOf({ procedure, status, startedAt, endedAt, bytes, storedBytes, recoveryPoint, error }: Facts): Fact[] {
  const seconds = (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
  return [
    { label: 'Procedure', value: `${procedure}, ${status}, from ${startedAt} to ${endedAt}` },
    { label: 'Took', value: formatDuration(seconds * 1000) },
    ...(bytes === undefined ? [] : [{ label: 'Size', value: formatBytes(bytes) }]),
    ...(storedBytes === undefined ? [] : [{ label: 'Stored', value: formatBytes(storedBytes) }]),
    ...(recoveryPoint === undefined ? [] : [{ label: 'Recovery point', value: recoveryPoint }]),
    ...(error === undefined ? [] : [{ label: 'Error', value: `${error.code}: ${error.message}` }]),
  ];
}

type Facts = Omit<ReceiptDetails, 'sequence' | 'previous'>;

function factList(facts: Fact[]): string {
  const rows = facts.map(({ label, value }) => `<dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd>`);
  return `<dl>${rows.join('\n')}</dl>`;
}

function eventList(events: Event[]): string {
  if (events.length === 0) return '';
  const rows = events.map(
    ({ at, label }) => `<li><span class="soft">${escapeHtml(at)}</span> ${escapeHtml(label)}</li>`,
  );
  return `<h2>What happened to it</h2>\n<ol>${rows.join('\n')}</ol>`;
}

function warningList(warnings: string[]): string {
  if (warnings.length === 0) return '';
  return `<h2>Warnings</h2>\n<ul>${warnings.map((one) => `<li>${escapeHtml(one)}</li>`).join('\n')}</ul>`;
}
