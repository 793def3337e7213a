import type pg from 'pg';
import { withClient } from '../connection';

/**
 * Ends the connection of a receiver that ours has replaced. A stopped one keeps the slot until the server misses it
 * (`wal_sender_timeout`, a minute by default), and nothing is shipped meanwhile. Whoever may not do that waits.
 *
 * One process is ended and no other: who comes back is no receiver that we have replaced. It is told as often as we meet it, since one whose
 * client takes no bytes hangs in its own farewell, and only a second order makes it go without.
 */
export class Replaced {
  private pid?: number;

  constructor(
    private readonly connection: pg.ClientConfig,
    private readonly slot: string,
  ) {}

  /** Whether one was found that had not been told yet. */
  async end(): Promise<boolean> {
    const text = `
      select s.active_pid as pid, pg_terminate_backend(s.active_pid) from pg_replication_slots s
      join pg_stat_replication a on a.pid = s.active_pid
      where s.slot_name = $1 and a.application_name = $1 and ($2::int is null or s.active_pid = $2)`;
    const before = this.pid;
    const values = [this.slot, before ?? null];
    try {
      const { rows } = await withClient(this.connection, (client) => client.query<{ pid: number }>(text, values));
      this.pid ??= rows[0]?.pid;
    } catch {
      return false;
    }
    return before === undefined && this.pid !== undefined;
  }
}
