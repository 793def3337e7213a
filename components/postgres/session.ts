/**
 * The session in which a base backup is taken (PostgreSQL manual, "Making a Base Backup Using the Low Level API").
 * The server ends backup mode by itself when the session's connection ends, so abandoning is closing.
 *
 * Guaranteed: a session that was lost is never taken for a finished one. Not guaranteed: that it can be taken up again after a
 * loss; PostgreSQL has no such thing, a new session with a new start is needed.
 */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { HoldfastError } from '../../domain/errors';
import { brief, connect, connectionError, disconnect, withClient } from './connection';

export interface BackupStart {
  startLsn: string;
  timeline: number;
  /** The server's clock before the start, RFC 3339 UTC with microseconds. */
  startTime: string;
}

export interface BackupStop {
  stopLsn: string;
  /** Contents of `backup_label`. */
  backupLabel: string;
  /** Contents of `tablespace_map`, `''` without tablespaces. */
  tablespaceMap: string;
  /** The server's clock after the stop: every commit later than this lies behind `stopLsn`. */
  stopTime: string;
}

const longestName = 63; // the server cuts longer ones off

/** `application_name` of a backup's session, by which other processes see that it lives. */
export function sessionName(backupId: string, generation: number): string {
  const name = `holdfast/${backupId}/${generation}`;
  if (name.length <= longestName) return name;
  return `holdfast/${createHash('sha256').update(backupId).digest('hex').slice(0, 40)}/${generation}`;
}

/** Whether some process still holds the session open. */
export async function sessionAlive(config: pg.ClientConfig, applicationName: string): Promise<boolean> {
  return withClient({ ...config, application_name: 'holdfast/look' }, async (client) => {
    const sql = 'select 1 from pg_stat_activity where application_name = $1 limit 1';
    return (await client.query(sql, [applicationName])).rowCount === 1;
  }).catch((error: unknown) => {
    throw connectionError(error);
  });
}

/** Ends the session of that name, whichever process holds it, and with it the backup; a role may end its own sessions. */
export async function endSession(config: pg.ClientConfig, applicationName: string): Promise<void> {
  await withClient({ ...config, application_name: 'holdfast/look' }, async (client) => {
    const sql = 'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1';
    await client.query(sql, [applicationName]);
  }).catch((error: unknown) => {
    throw connectionError(error);
  });
}

export const clock = `to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

export class BackupSession {
  private readonly loss = new AbortController();
  private ending = false;

  private constructor(
    private readonly client: pg.Client,
    private readonly major: number,
    readonly start: BackupStart,
  ) {
    client.once('end', () => this.ending || this.loss.abort(lost()));
  }

  /**
   * Connects and starts a backup with an immediate checkpoint; returns when the checkpoint is written.
   * @throws HoldfastError `postgres_unreachable`, `postgres_rights`, `postgres_misconfigured` (a standby)
   */
  static async open(config: pg.ClientConfig, backupId: string, generation: number): Promise<BackupSession> {
    const client = await connect(config, { application_name: sessionName(backupId, generation), keepAlive: true });
    try {
      const { rows } = await client.query(`select current_setting('server_version_num')::int / 10000 as major,
        pg_is_in_recovery() as standby, ${clock} as now`);
      const { major, standby, now } = rows[0] as { major: number; standby: boolean; now: string };
      if (standby)
        throw new HoldfastError('postgres_misconfigured', 'the server is a standby', {
          hints: ['back up the primary'],
        });
      await stayOpen(client, major);
      const started = major >= 15 ? 'pg_backup_start($1, true)' : 'pg_start_backup($1, true, false)';
      const answer = await client.query(`select lsn::text, pg_walfile_name(lsn) as segment from ${started} lsn`, [
        `holdfast ${backupId}`,
      ]);
      const { lsn, segment } = answer.rows[0] as { lsn: string; segment: string };
      const timeline = Number.parseInt(segment.slice(0, 8), 16);
      return new BackupSession(client, major, { startLsn: lsn, timeline, startTime: now });
    } catch (error) {
      await disconnect(client);
      throw connectionError(error);
    }
  }

  /** Aborts, with `backup_session_lost` as its reason, when the connection ends before the backup does. */
  get lost(): AbortSignal {
    return this.loss.signal;
  }

  /**
   * Asks the server, so that a connection that died in silence is noticed too.
   * @throws HoldfastError `backup_session_lost`
   */
  async assertAlive(): Promise<void> {
    await this.ask('select 1', [], brief);
  }

  /**
   * Ends the backup without waiting for any archiver: whether the WAL is stored is for our own ledger to say.
   * @throws HoldfastError `backup_session_lost`
   */
  async close(): Promise<BackupStop> {
    const stopped = this.major >= 15 ? 'pg_backup_stop(false)' : 'pg_stop_backup(false, false)';
    const [row] = await this.ask(`select lsn::text, labelfile, spcmapfile from ${stopped}`, []);
    const { lsn, labelfile, spcmapfile } = row as { lsn: string; labelfile: string; spcmapfile: string | null };
    const [after] = await this.ask(`select ${clock} as now`, []);
    await this.abandon();
    const stopTime = (after as { now: string }).now;
    return { stopLsn: lsn, backupLabel: labelfile, tablespaceMap: spcmapfile ?? '', stopTime };
  }

  /** Closes the connection; a backup that was not closed before is over without a result. */
  async abandon(): Promise<void> {
    this.ending = true;
    await disconnect(this.client);
  }

  private async ask(text: string, values: unknown[], limits: pg.ClientConfig = {}): Promise<object[]> {
    this.loss.signal.throwIfAborted();
    try {
      return (await this.client.query({ text, values, ...limits })).rows;
    } catch (error) {
      // An error that the server reports over a living connection is no loss (class 57 is its own shutdown).
      const { code = '' } = error as { code?: string };
      if (/^[0-9A-Z]{5}$/.test(code) && !code.startsWith('57')) throw connectionError(error);
      throw lost(error);
    }
  }
}

/** Timeouts that are meant for forgotten sessions would end ours. */
async function stayOpen(client: pg.Client, major: number): Promise<void> {
  const timeouts = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'];
  if (major >= 14) timeouts.push('idle_session_timeout');
  if (major >= 17) timeouts.push('transaction_timeout');
  for (const name of timeouts) await client.query(`set ${name} = 0`);
}

function lost(cause?: unknown): HoldfastError {
  return new HoldfastError('backup_session_lost', 'the backup session with the server was lost', {
    hints: ['the backup starts anew and reuses what it has stored'],
    cause,
  });
}
