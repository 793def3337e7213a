/**
 * Follows a procedure to its end with its progress on stderr. Ctrl-C at a terminal asks whether to leave it running or to abort
 * it; elsewhere the first one aborts it in order. A second one goes at once and leaves it running.
 */
import type { WorkflowHandle } from '@temporalio/client';
import type { ProcedureProgress, ProcedureResult } from '../../domain/progress';
import { progressQuery } from '../../domain/progress';
import { ask, atTerminal } from '../output/confirm';
import { type ProgressView, progressView } from '../output/progress-view';
import { resultOf } from './result';
import { withStream } from './stream-progress';
import { troubleOf } from './trouble';

const pollMs = 500;
/** Of so many looks at the progress one asks what is in the way. */
const looksPerTrouble = 4;

/** `left`: the person went away and the procedure goes on. */
export type Followed = ProcedureResult | 'left';

export async function follow(handle: WorkflowHandle, label = ''): Promise<Followed> {
  const view = progressView(label);
  const leaving = Promise.withResolvers<'left'>();
  const interrupts = new Interrupts(handle, view, () => leaving.resolve('left'));
  const polling = poll(handle, view, interrupts);
  try {
    return await Promise.race([resultOf(handle), leaving.promise]);
  } finally {
    interrupts.end();
    polling.end();
    view.end();
  }
}

/** Asks for the progress, and now and then for trouble, until told to end; a worker that does not answer is no reason to stop. */
function poll(handle: WorkflowHandle, view: ProgressView, interrupts: Interrupts): { end: () => void } {
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  let looks = 0;
  let told: string | undefined;
  const look = async (): Promise<void> => {
    const progress = await handle
      .query<ProcedureProgress>(progressQuery)
      .then((told) => withStream(handle, told))
      .catch(() => undefined);
    const trouble = looks++ % looksPerTrouble === 0 ? await troubleOf(handle).catch(() => told) : told;
    if (ended) return;
    if (!interrupts.asking) {
      if (progress !== undefined) view.show(progress);
      if (trouble !== undefined && trouble !== told) view.note(trouble);
      told = trouble;
    }
    timer = setTimeout(() => void look(), pollMs);
  };
  void look();
  return {
    end: () => {
      ended = true;
      clearTimeout(timer);
    },
  };
}

class Interrupts {
  asking = false;
  private count = 0;
  private readonly onSignal = (): void => void this.interrupted();

  constructor(
    private readonly handle: WorkflowHandle,
    private readonly view: ProgressView,
    private readonly leave: () => void,
  ) {
    process.on('SIGINT', this.onSignal);
    process.on('SIGTERM', this.onSignal);
  }

  end(): void {
    process.off('SIGINT', this.onSignal);
    process.off('SIGTERM', this.onSignal);
  }

  private async interrupted(): Promise<void> {
    this.count++;
    if (this.count > 1) return this.leave();
    if (atTerminal()) {
      this.asking = true;
      this.view.end();
      const said = await ask('\nabort it (a), leave it running (l), or go on watching (enter)? ').catch(() => 'l');
      this.asking = false;
      if (said.startsWith('l')) return this.leave();
      if (!said.startsWith('a')) {
        this.count = 0;
        return;
      }
    }
    this.view.note('aborting: what was changed is put back');
    await this.handle.cancel().catch(() => this.leave());
  }
}
