/** What the server must be and have before its WAL is streamed: the system that is expected, and a slot that keeps what we lack. */
import { HoldfastError } from '../../../domain/errors';
import type { Lsn } from '../../../domain/lsn';
import type { TimelineStretch } from '../../../domain/timeline';
import { sqlState } from './failures';
import type { ReplicationConnection, ServerIdentity } from './replication';

const maxSegmentSize = 64 * 1024 * 1024;

/** @throws HoldfastError `wrong_system`, `postgres_misconfigured` */
export function refuseStranger({ systemIdentifier, segmentSize }: ServerIdentity, expected?: string): void {
  if (expected !== undefined && expected !== systemIdentifier) {
    throw new HoldfastError('wrong_system', `the server is system ${systemIdentifier}, not ${expected}`, {
      hints: ['the connection leads to another database cluster, or this one was initialised anew'],
    });
  }
  if (segmentSize > maxSegmentSize) {
    throw new HoldfastError('postgres_misconfigured', 'WAL segments above 64 MiB are not supported', {
      hints: ['initialise the cluster with --wal-segsize=64 or less'],
    });
  }
}

export interface ReadySlot {
  /** Where it keeps WAL from. */
  restart: Lsn;
  /** … and did before we came; absent when there was none. */
  before?: Lsn;
  /** It had lost its WAL and was made anew: there is a gap. */
  renewed: boolean;
}

/** Sees to the slot first of all: from here on the server keeps what we lack. @throws HoldfastError `slot_lost` */
export async function prepareSlot(
  connection: ReplicationConnection,
  slot: string,
  renewLost = false,
): Promise<ReadySlot> {
  let found = await connection.readSlot(slot);
  const before = found?.restart;
  const lost = found !== undefined && before === undefined;
  if (lost) {
    if (!renewLost) throw slotLost(slot);
    await connection.dropSlot(slot);
    found = undefined;
  }
  if (!found) {
    await connection.createSlot(slot);
    found = await connection.readSlot(slot);
  }
  if (found?.restart === undefined) throw slotLost(slot);
  return { restart: found.restart, before, renewed: lost };
}

export function slotLost(slot: string, cause?: unknown): HoldfastError {
  return new HoldfastError('slot_lost', `the server has given up the WAL that slot ${slot} was to keep`, {
    hints: ['take a new base backup: what is stored ends here; see max_slot_wal_keep_size'],
    cause,
  });
}

/** The history of a timeline and of its ancestors, as far as the server has them. */
export async function readHistories(
  connection: ReplicationConnection,
  path: TimelineStretch[],
): Promise<{ timeline: number; text: Buffer }[]> {
  const histories: { timeline: number; text: Buffer }[] = [];
  for (const { timeline } of path) {
    const ancestor = timeline !== path.at(-1)?.timeline;
    const text = await connection.timelineHistory(timeline).catch((error: unknown) => {
      if (ancestor && sqlState(error) === '58P01') return undefined; // removed with its WAL: nobody needs it for this path
      throw error;
    });
    if (text) histories.push({ timeline, text });
  }
  return histories;
}
