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
  alert: (message: string) => void;
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
   * At the end commits wait for nobody any more; but in mode `sync` they go on waiting where somebody else goes on shipping, or where
   * the end is a failure. In mode `hybrid` whoever ships next makes them wait again.
   */
  end(): Promise<void> {
    this.ended ??= this.letGo();
    return this.ended;
  }

  private async letGo(): Promise<void> {
    const { signal, mode = 'async', isOver = () => true } = this.options;
    const over = mode === 'hybrid' || (signal.aborted && isOver());
    const why = signal.aborted ? 'shipping was ended' : 'the receiver failed';
    try {
      await this.synchrony.end(over && mode !== 'async' ? why : undefined);
    } catch (error) {
      this.told.alert(`commits may still wait for the stores, and nobody ships: ${reportError(error).message}`);
    }
    await this.log.settled();
  }

  private switched(one: CommitSwitch): void {
    this.told.alert(`commits are ${one.commits}: ${one.reason}`);
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
    if (trouble) this.told.alert(`commits: ${trouble.message}`);
    this.told.onTrouble();
  }
}
