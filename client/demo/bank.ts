/**
 * The database's contents and its load: a bank. Every transfer is one transaction that moves money between two accounts, adds
 * a row to the ledger and rewrites a document, so that the ledger tells which transactions are there and the accounts whether
 * each is there whole.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Cluster } from './cluster';

const accounts = 2000;
const openingBalance = 10_000;
/** A document takes about this much on disk: 30 md5 texts of 32 characters, and a header. */
const documentBytes = 1000;
const clients = 4;
const pauseMs = 4;

export async function openBank(cluster: Cluster, fillMiB: number): Promise<number> {
  const documents = Math.round((fillMiB << 20) / documentBytes);
  const client = await cluster.connect();
  try {
    await client.query(`
      create table accounts (id int primary key, balance bigint not null);
      create table ledger (
        id bigint generated always as identity primary key, made_at timestamptz not null default clock_timestamp(),
        payer int not null, payee int not null, amount int not null);
      create table documents (id int primary key, body text not null);
      alter table documents alter column body set storage plain;
      insert into accounts select id, ${openingBalance} from generate_series(1, ${accounts}) id;
      insert into documents select id, (select string_agg(md5(id || '/' || part), '') from generate_series(1, 29) part)
        from generate_series(1, ${documents}) id;`);
    await client.query('vacuum analyze');
    await client.query('checkpoint');
  } finally {
    await client.end();
  }
  return documents;
}

export class Load {
  private stopped = false;
  private readonly loops: Promise<void>[] = [];
  /** Transactions that the server has confirmed. */
  confirmed = 0;

  constructor(
    private readonly cluster: Cluster,
    private readonly documents: number,
  ) {
    for (let one = 0; one < clients; one++) this.loops.push(this.loop());
  }

  /** Ends after the transactions in hand; a server that died under them is no error. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.loops);
  }

  private async loop(): Promise<void> {
    try {
      const client = await this.cluster.connect();
      while (!this.stopped) {
        await transfer(client, this.documents);
        this.confirmed++;
        await sleep(pauseMs);
      }
      await client.end();
    } catch {
      // The server was killed.
    }
  }
}

/** One transfer. Accounts are locked in the order of their numbers, so that no two transfers wait for each other. */
export async function transfer(client: pg.Client, documents: number): Promise<void> {
  const [payer, other] = [anyOf(accounts), anyOf(accounts - 1)];
  const payee = other >= payer ? other + 1 : other;
  const amount = anyOf(100);
  await client.query('begin');
  for (const id of [payer, payee].sort((a, b) => a - b)) {
    const change = id === payer ? -amount : amount;
    await client.query('update accounts set balance = balance + $2 where id = $1', [id, change]);
  }
  await client.query('insert into ledger (payer, payee, amount) values ($1, $2, $3)', [payer, payee, amount]);
  await client.query('update documents set body = reverse(body) where id = $1', [anyOf(documents)]);
  await client.query('commit');
}

function anyOf(count: number): number {
  return 1 + Math.floor(Math.random() * count);
}

/** The ledger as it was at an instant. */
export interface LedgerState {
  rows: number;
  /** Over every field of these rows: equal sets have equal digests. */
  digest: string;
  /** Rows that were committed later. */
  later: number;
  /** Accounts whose balance is not what the whole ledger makes of it. */
  wrongAccounts: number;
}

export async function ledgerAt(client: pg.Client, instant: string): Promise<LedgerState> {
  const { rows: ledger } = await client.query(
    `select count(*) filter (where early)::int as rows, count(*) filter (where not early)::int as later,
            coalesce(md5(string_agg(ledger::text, ',' order by id) filter (where early)), '') as digest
     from (select ledger, id, pg_xact_commit_timestamp(xmin) <= $1::timestamptz as early from ledger) known`,
    [instant],
  );
  const { rows: sums } = await client.query(
    `select count(*)::int as wrong from accounts where balance <> ${openingBalance}
       + coalesce((select sum(case when payee = accounts.id then amount else -amount end) from ledger
                   where accounts.id in (payer, payee)), 0)`,
  );
  return { ...ledger[0], wrongAccounts: sums[0].wrong };
}

/** The server's clock, as it writes RFC 3339 in UTC. */
export async function serverClock(client: pg.Client): Promise<string> {
  const { rows } = await client.query(
    `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as now`,
  );
  return rows[0].now;
}
