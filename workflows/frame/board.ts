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

  /** Current details for the Web UI (Markdown): what it is about, what it does, what is done. */
  markdown(now: number): string {
    const at = this.progress(now);
    const head = [`**${this.procedure}** · ${stateWords[at.state]}${at.step === undefined ? '' : `: ${at.step}`}`];
    if (at.backupId !== undefined) head.push(`backup \`${at.backupId}\``);
    if (at.message !== undefined) head.push(at.message);
    if (at.done.bytes < at.total.bytes) head.push(`**${amountLine(at)}**`);
    const blocks = [head, at.steps.map(stepLine)];
    if (at.warnings.length > 0) blocks.push(['**Warnings**', ...at.warnings.map((warning) => `- ${warning}`)]);
    return blocks.map((lines) => lines.join('\n')).join('\n\n');
  }
}

const stateWords: Record<ProcedureState, string> = {
  starting: 'starting',
  in_progress: 'running',
  completed: 'completed',
  failed: 'failed',
  aborted: 'aborted',
};

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
