import type pg from 'pg';
import { brief, withClient } from '../connection';

/**
 * Ends the connection of a receiver that ours has replaced, and earlier ones of our own that were lost without the server's notice. A
 * stopped one keeps the slot until the server misses it (`wal_sender_timeout`, a minute by default), and nothing is shipped meanwhile.
 * Whoever may not do that waits.
 *
 * One process is ended and no other: who comes back is no receiver that we have replaced. It is told as often as we meet it, since one whose
 * client takes no bytes hangs in its own farewell, and only a second order makes it go without.
 */
export class Replaced {
  private pid?: number;
  private ownPids = new Set<number>();

  constructor(
    private readonly connection: pg.ClientConfig,
    private readonly slot: string,
  ) {}

  /** A connection of ours that was lost: the server may think that it lives. */
  own(pid: number | undefined): void {
    if (pid !== undefined) this.ownPids.add(pid);
  }

  /** None of them holds the slot any more, and the server may give their numbers to others. */
  forgetOwn(): void {
    if (this.ownPids.size > 0) this.ownPids = new Set();
  }

  /** @param others whether ours has replaced another receiver. Returns whether one was found that had not been told yet */
  async end(others: boolean): Promise<boolean> {
    if (!others && this.ownPids.size === 0) return false;
    const text = `
      select s.active_pid as pid, pg_terminate_backend(s.active_pid) from pg_replication_slots s
      join pg_stat_replication a on a.pid = s.active_pid
      where s.slot_name = $1 and a.application_name = $1 and ($3 or s.active_pid = any($2::int[]))`;
    const before = this.pid;
    const known = before === undefined ? [...this.ownPids] : [...this.ownPids, before];
    const values = [this.slot, known, others && before === undefined];
    const told = (client: pg.Client) => client.query<{ pid: number }>(text, values);
    try {
      const { rows } = await withClient(this.connection, told, brief);
      const found = rows[0]?.pid;
      if (found === undefined || known.includes(found)) return false;
      this.pid = found;
      return true;
    } catch {
      return false;
    }
  }
}
