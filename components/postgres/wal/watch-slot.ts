/**
 * Measures what the server keeps for our slot, and how long it can: independent of the stores, since it matters most while they are down.
 * Not guaranteed: the room on the disk, where the server's directory is not on this host.
 */
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { parseLsn } from '../../../domain/lsn';
import { type SlotRoom, slotRoom, type WalSample, walRate, withSample } from '../../../domain/slot-room';
import { brief, withClient } from '../connection';

export interface SlotWatch {
  connection: pg.ClientConfig;
  slot: string;
  /** Absent: on another host. */
  dataDir?: string;
  everyMs?: number;
  signal: AbortSignal;
  onMeasured: (room: SlotRoom) => void;
}

interface Row {
  now: string;
  /** Null when the slot lost its WAL: then it keeps none. */
  retained: string | null;
  status: string;
  safe: string | null;
}

const look = `
  select now.lsn::text as now, pg_wal_lsn_diff(now.lsn, s.restart_lsn)::text as retained, s.wal_status as status,
    s.safe_wal_size::text as safe
  from pg_replication_slots s, lateral (select case when pg_is_in_recovery() then pg_last_wal_receive_lsn()
    else pg_current_wal_flush_lsn() end as lsn) now where s.slot_name = $1 and now.lsn is not null`;

/** Until the signal is aborted. A server that cannot be asked is asked again. */
export async function watchSlot({
  connection,
  slot,
  dataDir,
  everyMs = 10_000,
  signal,
  onMeasured,
}: SlotWatch): Promise<void> {
  let samples: WalSample[] = [];
  while (!signal.aborted) {
    try {
      const ask = async (client: pg.Client) => (await client.query<Row>(look, [slot])).rows[0];
      const row = await withClient(connection, ask, brief);
      if (row) {
        samples = withSample(samples, { lsn: parseLsn(row.now), atMs: performance.now() });
        onMeasured(slotRoom({ ...measured(row), freeBytes: await freeBytes(dataDir) }, walRate(samples)));
      }
    } catch {
      // the receiver tells what is wrong with the server
    }
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

function measured({ retained, status, safe }: Row): Parameters<typeof slotRoom>[0] {
  return {
    retainedBytes: Math.max(0, Number(retained ?? 0)),
    status,
    safeBytes: safe === null ? undefined : Number(safe),
  };
}

async function freeBytes(dataDir: string | undefined): Promise<number | undefined> {
  if (dataDir === undefined) return undefined;
  try {
    const { bavail, bsize } = await statfs(path.join(dataDir, 'pg_wal'));
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
