/** What a receiver has to do with commits: it makes them wait as its mode says, records each switch, and lets them go at its end. */
import { type ErrorReport, reportError } from '../../../domain/errors';
import type { WalArchive } from '../../../repository/wal/archive';
import type { CommitSwitch } from '../../../repository/wal/switches';
import type { ReceiverOptions } from './receiver-options';
import { SwitchLog } from './switch-log';
import { Synchrony, type Wait } from './synchrony';

interface Told {
  takeWait: () => Wait;
  onCommits: (holds: CommitSwitch) => void;
  onTrouble: () => void;
  log: (message: string) => void;
}

export class ReceiverCommits {
  /** What keeps commits from waiting as they should. */
  trouble?: ErrorReport;
  private readonly log = new SwitchLog();
  private readonly synchrony: Synchrony;
  private holds?: CommitSwitch;
  private ended?: Promise<void>;

  constructor(
    private readonly options: ReceiverOptions,
    private readonly told: Told,
  ) {
    const { connection, slot, mode = 'async', thresholdMs = 100, calmMs = 10_000 } = options;
    this.synchrony = new Synchrony({
      ...{ connection, mode, receiver: slot, thresholdMs, calmMs },
      takeWait: told.takeWait,
      onSwitch: (one) => this.switched(one),
      onTrouble: (trouble) => this.inTrouble(trouble),
    });
  }

  /** At every new connection. @throws HoldfastError where the mode cannot be kept, before anything is changed */
  async begin(): Promise<void> {
    await this.synchrony.begin();
  }

  /** An archive that records can be written to. */
  async join(archive: WalArchive, timeline: number, signal: AbortSignal): Promise<void> {
    const recorded = await this.log.join(archive, timeline, signal);
    if (recorded && this.holds) this.tell(recorded);
  }

  /**
   * At the end commits wait for nobody any more, unless somebody else goes on shipping: in mode `sync` they wait for that one. What
   * ends by a failure leaves `sync` as it is.
   */
  end(): Promise<void> {
    this.ended ??= this.letGo();
    return this.ended;
  }

  private async letGo(): Promise<void> {
    const { signal, mode = 'async', isOver = () => true } = this.options;
    const over = signal.aborted ? isOver() : mode === 'hybrid';
    const why = signal.aborted ? 'shipping was ended' : 'the receiver failed';
    try {
      await this.synchrony.end(over && mode !== 'async' ? why : undefined);
    } catch (error) {
      this.told.log(`commits may still wait for the stores, and nobody ships: ${reportError(error).message}`);
    }
    await this.log.settled();
  }

  private switched(one: CommitSwitch): void {
    this.told.log(`commits are ${one.commits}: ${one.reason}`);
    this.tell(this.log.note(one));
  }

  private tell(holds: CommitSwitch): void {
    this.holds = holds;
    this.told.onCommits(holds);
  }

  private inTrouble(trouble: ErrorReport | undefined): void {
    const news = trouble?.message !== this.trouble?.message;
    this.trouble = trouble;
    if (!news) return;
    if (trouble) this.told.log(`commits: ${trouble.message}`);
    this.told.onTrouble();
  }
}
