/**
 * Keeps the ledger of a component's archives while its receiver runs: what each store holds, against what it held and where the
 * server stands by itself, independent of the server's archiver and of what the receiver believes.
 *
 * Guaranteed: a segment, part or history that is deleted, and one that is written over, is found within two checks (40 s) where at most 64 GiB of
 * WAL are stored in segments of 16 MiB; above that the newest 16 GiB are, and the rest by turns of 48 GiB a check; every byte is read
 * once in seven days. What is found is mended from another store or the server; what nobody has is said to be lost, and the caller told.
 * The cost of a check: a few lists, heads and one put in each store, one short connection to the server.
 * Not guaranteed: anything while no receiver runs; that nobody looks is what `status` tells then.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { isHoldfastError, reportError } from '../../../../domain/errors';
import { describeFinding, isTrouble } from '../../../../domain/wal-ledger';
import type { WalArchive } from '../../../../repository/wal/archive';
import { readLedger, type WalLedger, writeLedger } from '../../../../repository/wal/ledger';
import { describeFailure } from '../failures';
import { checkArchive } from './check';
import { type ServerLook, ServerWal } from './server-wal';
import type { Settled } from './stock';
import { Windows } from './windows';

export interface LedgerOptions {
  connection: pg.ClientConfig;
  slot: string;
  /** The receiver's: they are fenced as it is. */
  archives: () => WalArchive[];
  /** How far a store holds its stream; absent until it does. */
  settled: (store: string) => Settled | undefined;
  everyMs?: number;
  roundMs?: number;
  signal: AbortSignal;
  log?: (message: string) => void;
  /** After each check. */
  onChecked?: (checked: Checked) => void | Promise<void>;
}

export interface Checked {
  ledgers: { archive: WalArchive; ledger: WalLedger }[];
  /** Absent: the server could not be asked. */
  server?: ServerLook;
  /** For people: what stands between them and a restore, of every store. */
  troubles: string[];
}

/** Another entry point than the CLI's may set another before it starts. */
export const pace = { checkEveryMs: 20_000 };
const firstLookMs = 200;
const weekMs = 7 * 24 * 3600_000;
/** What is lost is looked for again at every such check. */
const retryLostEvery = 30;

/** Until the signal is aborted, or the archives have another writer. */
export async function keepLedger(options: LedgerOptions): Promise<void> {
  const { signal, everyMs = pace.checkEveryMs } = options;
  const keeper = new LedgerKeeper(options);
  while (!signal.aborted) {
    const streams = options.archives().some(({ store }) => options.settled(store.name));
    if (streams && (await keeper.check()) === 'fenced') return;
    await sleep(streams ? everyMs : firstLookMs, undefined, { signal }).catch(() => undefined);
  }
}

class LedgerKeeper {
  private checks = 0;
  private windows?: Windows;
  private readonly latest = new Map<WalArchive, WalLedger>();
  private readonly told = new Map<string, string>();

  constructor(private readonly options: LedgerOptions) {}

  async check(): Promise<'done' | 'fenced'> {
    const archives = this.options.archives();
    const server = await this.server(archives[0]);
    try {
      for (const archive of archives) {
        const ledger = await this.checkOne(archive, archives, server);
        if (ledger === 'fenced') return 'fenced';
        if (!ledger) continue;
        this.latest.set(archive, ledger);
        this.told.delete(archive.store.name);
      }
      this.checks++;
      const ledgers = archives.flatMap((archive) => {
        const ledger = this.latest.get(archive);
        return ledger ? [{ archive, ledger }] : [];
      });
      await this.options.onChecked?.({ ledgers, server: server?.look, troubles: ledgers.flatMap(troublesOf) });
    } catch (error) {
      this.tell('what follows', `what follows from the WAL ledger could not be done: ${reportError(error).message}`);
    } finally {
      await server?.close();
    }
    return 'done';
  }

  /** A store that is down keeps nobody from looking at the others. */
  private async checkOne(
    ...which: Parameters<LedgerKeeper['checkAndWrite']>
  ): Promise<WalLedger | undefined | 'fenced'> {
    try {
      return await this.checkAndWrite(...which);
    } catch (error) {
      if (isHoldfastError(error) && error.code === 'fenced') return 'fenced';
      this.options.log?.(
        `the WAL ledger in ${which[0].store.name} could not be checked: ${reportError(error).message}`,
      );
      return undefined;
    }
  }

  private async checkAndWrite(
    archive: WalArchive,
    archives: WalArchive[],
    server: ServerWal | undefined,
  ): Promise<WalLedger | undefined> {
    const { writes, ledgerPlace } = archive;
    const settled = this.options.settled(archive.store.name);
    if (writes === undefined || !settled) return undefined;
    this.windows ??= new Windows(archive.segmentSize);
    const { everyMs = pace.checkEveryMs, roundMs = weekMs, log } = this.options;
    const before = await readLedger(ledgerPlace, writes).catch((error: unknown) => {
      if (isHoldfastError(error) && error.retryable) throw error;
      log?.(`the WAL ledger in ${archive.store.name} cannot be read, and is begun anew: ${reportError(error).message}`);
      return undefined;
    });
    const ledger = await checkArchive({
      ...{ archive, before, windows: this.windows, settled, everyMs, roundMs },
      sources: { others: archives.filter((one) => one !== archive), server },
      retryLost: this.checks % retryLostEvery === 0,
    });
    if (ledger) await writeLedger(ledgerPlace, writes, ledger);
    for (const one of ledger?.findings ?? []) {
      if (one.foundAt === ledger?.checkedAt) log?.(`store ${archive.store.name}: ${describeFinding(one)}`);
    }
    return ledger;
  }

  private async server(archive: WalArchive | undefined): Promise<ServerWal | undefined> {
    if (!archive) return undefined;
    const { connection, slot } = this.options;
    try {
      const server = await ServerWal.open(connection, slot, archive.systemIdentifier);
      this.told.delete('server');
      return server;
    } catch (error) {
      this.tell('server', `the WAL ledger is checked without the server: ${describeFailure(error).message}`);
      return undefined;
    }
  }

  /** What stays the same from check to check is said once. */
  private tell(about: string, message: string): void {
    if (this.told.get(about) !== message) this.options.log?.(message);
    this.told.set(about, message);
  }
}

function troublesOf({ archive, ledger }: Checked['ledgers'][number]): string[] {
  return ledger.findings.filter(isTrouble).map((one) => `store ${archive.store.name}: ${describeFinding(one)}`);
}
