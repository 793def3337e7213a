/**
 * One run of a procedure: its steps in order, and what must be put back if it does not reach its end.
 *
 * `undo` is registered before the step it undoes, because a step may have done its work although it looked failed.
 */
import {
  type ActivityOptions,
  CancellationScope,
  isCancellation,
  patched,
  setCurrentDetails,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { ReceiptStep } from '../../domain/backup';
import type { Addressed } from '../../domain/notifications/notice';
import type { Amount, ProcedureResult, ProgressStep } from '../../domain/progress';
import { attributes } from './attributes';
import type { Board } from './board';
import { reportOf } from './failure';
import { tell } from './notices';

/** Runs from before this told nobody, also where their agent said whom. */
const tellsPeople = 'notices';

interface Undo {
  title: string;
  action: () => Promise<unknown>;
  /** Also behind a point of no return: what the run itself made beside everything. */
  lasting: boolean;
}

/** Facts that go into the result and the receipt. */
export type Findings = Pick<
  ProcedureResult,
  'backupId' | 'bytes' | 'storedBytes' | 'walBytes' | 'recoveryPoint' | 'restored' | 'copies' | 'retained' | 'details'
>;

export class Run {
  readonly findings: Findings = {};
  readonly evidence: string[] = [];
  private readonly undos: Undo[] = [];
  private readonly notices: Promise<string[]>[] = [];

  constructor(readonly board: Board) {}

  /** Runs a named step to its end. Its title is what people, reports and kill sweeps know it by. */
  async step<T>(title: string, action: () => Promise<T>): Promise<T> {
    return this.perform(this.open(title, false), action);
  }

  /** Registers how to put something back; call it before the step that changes it. Undos run last first. */
  undo(title: string, action: () => Promise<unknown>, { lasting = false } = {}): void {
    this.undos.push({ title, action, lasting });
  }

  /** What was registered since is no longer to be undone: the point of no return, or an orderly end. */
  settled(title: string): void {
    const at = this.undos.findLastIndex((undo) => undo.title === title);
    if (at >= 0) this.undos.splice(at, 1);
  }

  /**
   * The point of no return: what was registered is not undone any more, and an abort comes too late. For a step that destroys what
   * an undo would need.
   */
  async finalStep<T>(title: string, action: () => Promise<T>): Promise<T> {
    const lasting = this.undos.filter((undo) => undo.lasting);
    this.undos.splice(0, this.undos.length, ...lasting);
    return CancellationScope.nonCancellable(() => this.step(title, action));
  }

  /** What is tidied up when the work is done: whatever keeps it from its end is told, and the run is completed all the same. */
  async afterwards(title: string, action: () => Promise<unknown>): Promise<void> {
    try {
      await this.step(title, action);
    } catch (error) {
      const why = isCancellation(error) ? 'there was no more time for it, or it was aborted' : reportOf(error).message;
      this.warn(`"${title}" did not come to its end: ${why}`);
    }
  }

  /** Beside what follows; nothing waits for it before the end. Once for each step: its title is what tells one notice from another. */
  notify(step: string, addressed: Addressed[] = []): void {
    if (addressed.length === 0 || !patched(tellsPeople)) return;
    for (const [number, one] of addressed.entries())
      this.notices.push(tell(one, number === 0 ? step : `${step} ${number + 1}`));
  }

  /** Whether anybody is told of anything. */
  get tells(): boolean {
    return this.notices.length > 0;
  }

  /** Waits until each has arrived or was given up; what did not arrive is a warning. */
  async delivered(): Promise<void> {
    this.say('the work is done; who is to be told is being told');
    this.warn(...(await Promise.all(this.notices)).flat());
  }

  warn(...warnings: string[]): void {
    for (const warning of warnings) {
      if (!this.board.warnings.includes(warning)) this.board.warnings.push(warning);
    }
    this.show();
  }

  /** What was shown, a line each: it goes into the result. */
  testify(...evidence: string[]): void {
    this.evidence.push(...evidence);
    this.tell({ evidence: this.evidence });
  }

  /** What only this procedure tells. */
  tell(details: Record<string, unknown>): void {
    this.findings.details = { ...this.findings.details, ...details };
  }

  expect(total: Amount): void {
    this.board.expect(total, Date.now());
    this.show();
  }

  add(amount: Amount): void {
    this.board.add(amount);
    this.show();
  }

  say(message: string | undefined): void {
    this.board.message = message;
    this.show();
  }

  about({ backupId, tier }: { backupId?: string; tier?: string }): void {
    if (backupId !== undefined && backupId !== this.findings.backupId) {
      this.findings.backupId = backupId;
      this.board.backupId = backupId;
      upsertSearchAttributes([{ key: attributes.backup, value: backupId }]);
    }
    if (tier !== undefined) upsertSearchAttributes([{ key: attributes.tier, value: tier }]);
  }

  /** Puts everything back, whatever happened and even when the procedure was cancelled. Returns what could not be put back. */
  async unwind(): Promise<string[]> {
    const failures: string[] = [];
    await CancellationScope.nonCancellable(async () => {
      for (let undo = this.undos.pop(); undo !== undefined; undo = this.undos.pop()) {
        const { title, action } = undo;
        try {
          await this.perform(this.open(title, true), action);
        } catch (error) {
          failures.push(`could not undo "${title}": ${reportOf(error).message}`);
        }
      }
    });
    return failures;
  }

  receiptSteps(): ReceiptStep[] {
    return this.board.steps.map((step) => ({
      title: step.title,
      startedAt: step.startedAt ?? '',
      seconds: step.seconds ?? 0,
      outcome: outcomeOf(step),
    }));
  }

  show(): void {
    setCurrentDetails(this.board.markdown(Date.now()));
  }

  private open(title: string, undo: boolean): ProgressStep {
    const step = this.board.begin(title, Date.now(), undo);
    this.show();
    return step;
  }

  private async perform<T>(step: ProgressStep, action: () => Promise<T>): Promise<T> {
    try {
      const value = await action();
      this.board.end(step, Date.now(), 'completed');
      return value;
    } catch (error) {
      this.board.end(step, Date.now(), isCancellation(error) ? 'aborted' : 'failed');
      throw error;
    } finally {
      this.show();
    }
  }
}

function outcomeOf(step: ProgressStep): ReceiptStep['outcome'] {
  if (step.undo) return step.state === 'completed' ? 'undone' : 'undo failed';
  return step.state === 'completed' || step.state === 'failed' ? step.state : 'aborted';
}

export type StepOptions = Pick<ActivityOptions, 'summary'>;
