/**
 * Progress of a procedure on stderr: a live bar on a terminal, elsewhere a line whenever the step changes and every so often
 * within a long one.
 */
import { type Bar, Presets, SingleBar } from 'cli-progress';
import { formatBytes, formatDuration } from '../../domain/config/units';
import type { ProcedureProgress } from '../../domain/progress';
import { say } from './say';

export interface ProgressView {
  show(progress: ProcedureProgress): void;
  /** A line that stays, above the bar. */
  note(line: string): void;
  /** Takes the bar away. */
  end(): void;
}

/** @param label told in front of each line when several procedures are followed */
export function progressView(label = ''): ProgressView {
  return process.stderr.isTTY && label === '' ? new BarView() : new LineView(label);
}

const linesEveryMs = 10_000;

export class LineView implements ProgressView {
  private step?: string;
  private saidAt = 0;
  private message?: string;

  constructor(
    private readonly label: string,
    private readonly write: (line: string) => void = say,
    private readonly now: () => number = Date.now,
  ) {}

  show(progress: ProcedureProgress): void {
    const { step, message } = progress;
    if (message !== undefined && message !== this.message) this.note(message);
    this.message = message;
    if (step === undefined) return;
    if (step === this.step && this.now() - this.saidAt < linesEveryMs) return;
    this.step = step;
    this.saidAt = this.now();
    this.note(`${step}${amounts(progress)}`);
  }

  note(line: string): void {
    this.write(this.label === '' ? line : `${this.label}: ${line}`);
  }

  end(): void {
    this.step = undefined;
  }
}

class BarView implements ProgressView {
  private bar?: Bar;
  private message?: string;

  show(progress: ProcedureProgress): void {
    if (progress.message !== undefined && progress.message !== this.message) this.note(progress.message);
    this.message = progress.message;
    const { done, total } = progress;
    const fields = { step: progress.step ?? progress.state, amounts: amounts(progress) };
    if (this.bar === undefined) {
      this.bar = new SingleBar(
        {
          format: '{bar} {percentage}%  {step}{amounts}',
          clearOnComplete: true,
          hideCursor: true,
          stream: process.stderr,
          barsize: 24,
        },
        Presets.shades_classic,
      );
      this.bar.start(Math.max(total.bytes, 1), done.bytes, fields);
      return;
    }
    this.bar.setTotal(Math.max(total.bytes, 1));
    this.bar.update(done.bytes, fields);
  }

  note(line: string): void {
    this.end();
    say(line);
  }

  end(): void {
    this.bar?.stop();
    this.bar = undefined;
  }
}

/** `  1.2 GiB of 3.4 GiB, 40 of 120 packs, 210.0 MiB/s, 11s left`; nothing while there is nothing to wait for. */
function amounts({ done, total, bytesPerSecond, etaSeconds }: ProcedureProgress): string {
  if (done.bytes >= total.bytes && done.packs >= total.packs) return '';
  const parts = [`${formatBytes(done.bytes)} of ${formatBytes(total.bytes)}`];
  if (total.packs > 0) parts.push(`${done.packs} of ${total.packs} packs`);
  if (bytesPerSecond !== undefined) parts.push(`${formatBytes(bytesPerSecond)}/s`);
  if (etaSeconds !== undefined) parts.push(`${formatDuration(etaSeconds * 1000)} left`);
  return `  ${parts.join(', ')}`;
}
