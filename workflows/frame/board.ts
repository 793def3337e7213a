/**
 * What a running procedure shows: the step list, amounts and warnings, as the `progress` query and as Markdown in the Web UI.
 * Reads only the workflow's clock, so that a replay shows the same.
 */
import type { Amount, ProcedureProgress, ProcedureState, ProgressStep } from '../../domain/progress';

export class Board {
  state: ProcedureState = 'starting';
  readonly steps: ProgressStep[] = [];
  readonly warnings: string[] = [];
  done: Amount = { bytes: 0, packs: 0 };
  total: Amount = { bytes: 0, packs: 0 };
  backupId?: string;
  message?: string;
  private measuredSince = 0;

  constructor(readonly procedure: string) {}

  begin(title: string, now: number, undo: boolean): ProgressStep {
    const step: ProgressStep = {
      title,
      state: 'running',
      startedAt: new Date(now).toISOString(),
      ...(undo ? { undo } : {}),
    };
    this.steps.push(step);
    return step;
  }

  end(step: ProgressStep, now: number, state: ProgressStep['state']): void {
    step.state = state;
    step.seconds = (now - Date.parse(step.startedAt ?? '')) / 1000;
  }

  /** Starts counting anew: one amount at a time is being worked through. */
  expect(total: Amount, now: number): void {
    this.total = total;
    this.done = { bytes: 0, packs: 0 };
    this.measuredSince = now;
  }

  add(amount: Amount): void {
    this.done = { bytes: this.done.bytes + amount.bytes, packs: this.done.packs + amount.packs };
  }

  progress(now: number): ProcedureProgress {
    const seconds = (now - this.measuredSince) / 1000;
    const rate = this.done.bytes > 0 && seconds > 0 ? this.done.bytes / seconds : undefined;
    const left = this.total.bytes - this.done.bytes;
    return {
      procedure: this.procedure,
      state: this.state,
      step: this.steps.findLast((step) => step.state === 'running')?.title,
      steps: this.steps,
      done: this.done,
      total: this.total,
      bytesPerSecond: rate,
      etaSeconds: rate !== undefined && left > 0 ? left / rate : undefined,
      warnings: this.warnings,
      backupId: this.backupId,
      message: this.message,
    };
  }

  /** Current details for the Web UI (Markdown). */
  markdown(now: number): string {
    const at = this.progress(now);
    const lines = [`**${this.procedure}** · ${at.state}${at.step === undefined ? '' : ` · ${at.step}`}`];
    if (at.backupId !== undefined) lines.push(`Backup \`${at.backupId}\``);
    if (at.total.bytes > 0) lines.push(amountLine(at));
    if (at.message !== undefined) lines.push(at.message);
    lines.push('', ...at.steps.map(stepLine));
    if (at.warnings.length > 0) lines.push('', '**Warnings**', ...at.warnings.map((warning) => `- ${warning}`));
    return lines.join('\n');
  }
}

function amountLine({ done, total, bytesPerSecond, etaSeconds }: ProcedureProgress): string {
  const share = total.bytes > 0 ? ` (${Math.floor((100 * done.bytes) / total.bytes)} %)` : '';
  const rate = bytesPerSecond === undefined ? '' : ` · ${mib(bytesPerSecond)} MiB/s`;
  const eta = etaSeconds === undefined ? '' : ` · ${Math.ceil(etaSeconds)} s to go`;
  return `${mib(done.bytes)} of ${mib(total.bytes)} MiB${share} · ${done.packs} of ${total.packs} packs${rate}${eta}`;
}

function stepLine(step: ProgressStep): string {
  const mark = { waiting: '·', running: '▶', completed: '✓', failed: '✗', aborted: '■', undone: '↶' }[step.state];
  const undo = step.undo ? 'undo: ' : '';
  return `- ${mark} ${undo}${step.title}${step.seconds === undefined ? '' : ` · ${step.seconds.toFixed(1)} s`}`;
}

function mib(bytes: number): string {
  return (bytes / 1048576).toFixed(1);
}
