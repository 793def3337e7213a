/** Commands of a replication connection (PostgreSQL manual, "Streaming Replication Protocol"). */
import pg from 'pg';
import { HoldfastError } from '../../../domain/errors';
import { formatLsn, type Lsn, parseLsn } from '../../../domain/lsn';
import { parseHistory, type TimelineStretch } from '../../../domain/timeline';
import { brief, disconnect, watchful } from '../connection';
import { CopyBoth } from './copy-both';
import { sqlState } from './failures';

export interface ServerIdentity {
  systemIdentifier: string;
  timeline: number;
  /** What the server itself has flushed (a standby: received). */
  flushed: Lsn;
  major: number;
  segmentSize: number;
  inRecovery: boolean;
}

/** `restart` is absent when the server has given up the WAL that the slot was to keep. */
export interface SlotState {
  restart?: Lsn;
}

export const slotPrefix = 'holdfast_';

/** Slots are named by `[a-z0-9_]`, at most 63 characters. The server lists a slot's receiver under the same name. */
export function slotName(system: string, site: string, component: string): string {
  return `${slotPrefix}${system}_${site}_${component}`
    .toLowerCase()
    .replace(/[^a-z0-9_]/g, '_')
    .slice(0, 63);
}

export class ReplicationConnection {
  private constructor(private readonly client: pg.Client) {}

  /** @param name under which the server lists us: commits can be made to wait for it */
  static async open(config: pg.ClientConfig, name: string): Promise<ReplicationConnection> {
    const client = new pg.Client({
      ...watchful,
      ...config,
      application_name: name,
      // `pg` documents this only by its source: it becomes the startup parameter `replication`.
      ...{ replication: 'true' },
    });
    client.on('error', () => undefined); // the running command is rejected with the same error
    await client.connect();
    return new ReplicationConnection(client);
  }

  /** Of the server's process for this connection. */
  get pid(): number | undefined {
    // `pg` has it, and its types do not.
    const pid = 'processID' in this.client ? this.client.processID : undefined;
    return typeof pid === 'number' ? pid : undefined;
  }

  async identify(): Promise<ServerIdentity> {
    const system = await this.row('IDENTIFY_SYSTEM');
    return {
      systemIdentifier: String(system.systemid),
      timeline: Number(system.timeline),
      flushed: parseLsn(String(system.xlogpos)),
      major: Math.floor(Number(await this.show('server_version_num')) / 10_000),
      segmentSize: parseSize(await this.show('wal_segment_size')),
      inRecovery: (await this.show('in_hot_standby')) === 'on',
    };
  }

  /** undefined: there is no such slot. */
  async readSlot(name: string): Promise<SlotState | undefined> {
    const slot = await this.row(`READ_REPLICATION_SLOT ${name}`);
    if (slot.slot_type === null) return undefined;
    return { restart: slot.restart_lsn ? parseLsn(slot.restart_lsn) : undefined };
  }

  /** Creates the slot with its WAL reserved from now on; one that exists stays as it is. */
  async createSlot(name: string): Promise<void> {
    try {
      await this.order(`CREATE_REPLICATION_SLOT ${name} PHYSICAL RESERVE_WAL`);
    } catch (error) {
      if (sqlState(error) !== '42710') throw error;
    }
  }

  async dropSlot(name: string): Promise<void> {
    await this.order(`DROP_REPLICATION_SLOT ${name}`);
  }

  /** The text of a timeline's history file; undefined for the first timeline, which has none. */
  async timelineHistory(timeline: number): Promise<Buffer | undefined> {
    if (timeline === 1) return undefined;
    const { content } = await this.row(`TIMELINE_HISTORY ${timeline}`);
    return Buffer.from(content ?? '', 'utf8');
  }

  async timelinePath(timeline: number): Promise<TimelineStretch[]> {
    const history = await this.timelineHistory(timeline);
    return history ? parseHistory(timeline, history.toString('utf8')) : [{ timeline, from: 0n }];
  }

  /** Without a slot the server keeps nothing for us: what it has it sends. */
  stream(slot: string | undefined, timeline: number, from: Lsn, onData: (chunk: Buffer) => void): CopyBoth {
    const by = slot === undefined ? '' : `SLOT ${slot} `;
    const text = `START_REPLICATION ${by}PHYSICAL ${formatLsn(from)} TIMELINE ${timeline}`;
    return this.client.query(new CopyBoth(text, onData));
  }

  /** A command whose answer is its own business. */
  submit<T extends pg.Submittable>(query: T): T {
    return this.client.query(query);
  }

  async close(): Promise<void> {
    await disconnect(this.client);
  }

  private async show(setting: string): Promise<string> {
    return String(Object.values(await this.row(`SHOW ${setting}`))[0]);
  }

  private async row(text: string): Promise<Record<string, string | null>> {
    const [row] = (await this.order(text)).rows;
    if (row) return row;
    throw new HoldfastError('postgres_unreachable', `the server gave no answer to ${text.split(' ')[0]}`);
  }

  private async order(text: string): Promise<pg.QueryResult<Record<string, string | null>>> {
    // As text: a history file comes labelled as bytea in some versions without being encoded as one.
    const types = { getTypeParser: () => (value: string) => value };
    return await this.client.query({ text, types: types as pg.CustomTypesConfig, ...brief });
  }
}

function parseSize(text: string): number {
  const match = /^(\d+)(kB|MB|GB)?$/.exec(text);
  const unit = { kB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 }[match?.[2] ?? ''] ?? 1;
  return Number(match?.[1]) * unit;
}
