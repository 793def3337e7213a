/** The steps of a procedure along time, as one SVG. Times are RFC 3339. */
import type { ReceiptStep } from '../domain/backup';
import { escapeHtml } from './html';

export interface Event {
  at: string;
  /** What happened from outside: somebody aborted, a process died. */
  label: string;
}

const labelWidth = 270;
const chartWidth = 620;
const secondsWidth = 60;
const rowHeight = 20;
const headHeight = 26;

/** Events are drawn as numbered lines, in the order given; the page lists what they mean. */
export function timeline(steps: ReceiptStep[], events: Event[]): string {
  const begins = [...steps.map(({ startedAt }) => startedAt), ...events.map(({ at }) => at)].map(Date.parse);
  const from = Math.min(...begins);
  const to = Math.max(...events.map(({ at }) => Date.parse(at)), ...steps.map(endOf), from + 1000);
  const at = (time: number): number => labelWidth + (chartWidth * (time - from)) / (to - from);
  const height = headHeight + steps.length * rowHeight + 6;
  const parts = [
    ...ticks((to - from) / 1000).map((second) => tick(second, at(from + second * 1000), height)),
    ...steps.map((step, row) =>
      bar(step, headHeight + row * rowHeight, at(Date.parse(step.startedAt)), at(endOf(step))),
    ),
    ...events.map(({ at: when }, index) => mark(index + 1, at(Date.parse(when)), height)),
  ];
  const width = labelWidth + chartWidth + secondsWidth;
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="steps along time">${parts.join('\n')}</svg>`;
}

function endOf({ startedAt, seconds }: ReceiptStep): number {
  return Date.parse(startedAt) + seconds * 1000;
}

/** About six, at round distances. */
function ticks(seconds: number): number[] {
  const rough = seconds / 6;
  const size = 10 ** Math.floor(Math.log10(rough));
  const distance = ([1, 2, 5, 10].find((factor) => factor * size >= rough) ?? 10) * size;
  return Array.from({ length: Math.floor(seconds / distance) + 1 }, (_, index) => index * distance);
}

function tick(second: number, x: number, height: number): string {
  return `<line class="grid" x1="${x}" x2="${x}" y1="${headHeight - 8}" y2="${height}"/><text class="soft" x="${x}" y="12" text-anchor="middle">${+second.toFixed(1)} s</text>`;
}

function bar({ title, seconds, outcome }: ReceiptStep, y: number, from: number, to: number): string {
  const width = Math.max(2, to - from);
  const text = outcome === 'completed' ? title : `${title} (${outcome})`;
  return [
    `<text x="0" y="${y + 14}">${escapeHtml(text)}</text>`,
    `<rect class="bar-${outcome.replace(' ', '-')}" x="${from.toFixed(1)}" y="${y + 4}" width="${width.toFixed(1)}" height="${rowHeight - 7}" rx="2"/>`,
    `<text class="soft" x="${(from + width + 5).toFixed(1)}" y="${y + 14}">${seconds.toFixed(1)} s</text>`,
  ].join('');
}

function mark(number: number, x: number, height: number): string {
  return `<line class="mark" x1="${x}" x2="${x}" y1="18" y2="${height}"/><text class="number" x="${x + 3}" y="24">${number}</text>`;
}
