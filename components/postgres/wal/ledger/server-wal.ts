/**
 * WAL that the server still has, asked for a second time: by the replication protocol, without a slot, one stretch after the other over
 * one connection.
 *
 * Guaranteed: the bytes are of the system and timeline they are asked of. Not guaranteed: that it has them. `removed` is its own word that
 * it does not; nothing is said by a server that cannot be reached.
 */
import type pg from 'pg';
import { HoldfastError } from '../../../../domain/errors';
import type { Interval } from '../../../../domain/intervals';
import type { Lsn } from '../../../../domain/lsn';
import type { TimelineStretch } from '../../../../domain/timeline';
import type { CopyBoth } from '../copy-both';
import { isWalRemoved } from '../failures';
import { parseMessage, statusUpdate } from '../protocol';
import { ReplicationConnection } from '../replication';

export interface ServerLook {
  timeline: number;
  /** The way to it, itself last. */
  path: TimelineStretch[];
  /** What the server itself has flushed. */
  flushed: Lsn;
  /** Where our slot keeps WAL from; absent when it lost it or is not there. */
  slotRestart?: Lsn;
}

const patienceMs = 60_000;
/** How long the server may take to agree to the end of a stretch. */
const farewellMs = 10_000;
/** Not the receiver's: no commit may wait for this connection. */
const ledgerName = 'holdfast ledger';
/** No position at all: a connection that tells none is nobody's synchronous standby. */
const nowhere = 0n;

export class ServerWal {
  private constructor(
    private readonly connection: ReplicationConnection,
    readonly look: ServerLook,
  ) {}

  /** @throws HoldfastError `wrong_system` */
  static async open(config: pg.ClientConfig, slot: string, systemIdentifier: string): Promise<ServerWal> {
    const connection = await ReplicationConnection.open(config, ledgerName);
    try {
      const { timeline, flushed, systemIdentifier: found } = await connection.identify();
      if (found !== systemIdentifier) {
        throw new HoldfastError('wrong_system', `the server is system ${found}, not ${systemIdentifier}`);
      }
      const path = await connection.timelinePath(timeline);
      const slotRestart = (await connection.readSlot(slot))?.restart;
      return new ServerWal(connection, { timeline, path, flushed, slotRestart });
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  async history(timeline: number): Promise<Buffer | 'removed'> {
    try {
      return (await this.connection.timelineHistory(timeline)) ?? 'removed';
    } catch (error) {
      if (isWalRemoved(error)) return 'removed';
      throw error;
    }
  }

  /** Less than was asked for where the timeline, or what is flushed, ends before. */
  async stretch(timeline: number, { from, to }: Interval<Lsn>): Promise<Buffer | 'removed'> {
    const onPath = this.look.path.find((one) => one.timeline === timeline);
    if (!onPath) return 'removed';
    const end = [to, onPath.to ?? this.look.flushed].reduce((least, one) => (one < least ? one : least));
    if (end <= from) return Buffer.alloc(0);
    const gathered = Buffer.alloc(Number(end - from));
    let filled = 0;
    const copy: CopyBoth = this.connection.stream(undefined, timeline, from, (chunk) => {
      const message = parseMessage(chunk);
      if (message?.kind === 'keepalive' && message.replyRequested) copy.send(statusUpdate(nowhere, nowhere, false));
      if (message?.kind !== 'wal' || message.start !== from + BigInt(filled)) return;
      filled += message.bytes.copy(gathered, filled);
      if (filled === gathered.length) copy.stop();
    });
    const silent = new HoldfastError('postgres_unreachable', 'the server has stopped sending its WAL');
    const timers = [
      setTimeout(() => copy.stop(), patienceMs),
      setTimeout(() => copy.abandon(silent), patienceMs + farewellMs),
    ];
    try {
      await copy.ended;
      return gathered.subarray(0, filled);
    } catch (error) {
      if (isWalRemoved(error)) return 'removed';
      throw error;
    } finally {
      timers.forEach(clearTimeout);
    }
  }
}
