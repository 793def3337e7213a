/**
 * Which blocks of which relations changed between two positions of the WAL, from the server's own summaries (PostgreSQL 17 and newer with
 * `summarize_wal`; manual, "WAL Summarization Information Functions"): what did not change is not even read.
 *
 * Guaranteed: an answer only where summaries cover the whole stretch on one timeline; blocks behind a truncation count as changed, whatever
 * was written there since; forks whose changes the WAL does not tell (free space and visibility maps), and databases made by copying files,
 * get no answer, and are compared.
 * Not guaranteed: hint bits that were set without WAL. They are as they were, which is no less right.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { before, blockBytes, type Extent, union } from '../../domain/blocks';
import { formatLsn, type Lsn, parseLsn } from '../../domain/lsn';
import { pathBytes, type TreeEntry } from '../../domain/tree';

export interface SummaryStretch {
  timeline: number;
  /** Where the backup that is built upon began. */
  from: Lsn;
  /** Where the new one began. */
  to: Lsn;
}

/** How long the server may take to summarise what it wrote last; then files are compared instead. */
const patienceMs = 30_000;
const pollMs = 100;
const firstVersion = 170_000;

export interface SummarySource {
  client: pg.Client;
  versionNum: number;
  pageSize: number;
  /** Blocks in one file of a relation. */
  relationSegmentBlocks: number;
  signal?: AbortSignal;
}

/** Undefined, with the reason where it is worth telling, when the server cannot say. */
export async function changedBlocks(
  { client, versionNum, pageSize, relationSegmentBlocks, signal }: SummarySource,
  stretch: SummaryStretch,
): Promise<{ blocks?: ChangedBlocks; reason?: string }> {
  if (versionNum < firstVersion || pageSize !== blockBytes) return {};
  const { rows } = await client.query<{ on: boolean }>(`select current_setting('summarize_wal')::bool as on`);
  if (!rows[0]?.on) return { reason: 'summarize_wal is off: every file that was touched is read and compared' };
  const summaries = await coveringSummaries(client, stretch, signal);
  if (!summaries)
    return { reason: 'WAL summaries since the last backup are missing: files that were touched are compared' };
  const { rows: ranges } = await client.query<Range>(rangesOf, [stretch.timeline, ...summaries]);
  return { blocks: new ChangedBlocks(ranges, relationSegmentBlocks) };
}

/** Beginnings and ends of the summaries that cover the stretch without a hole. */
async function coveringSummaries(
  client: pg.Client,
  { timeline, from, to }: SummaryStretch,
  signal: AbortSignal | undefined,
): Promise<[string[], string[]] | undefined> {
  for (const deadline = Date.now() + patienceMs; ; await delay(pollMs, undefined, { signal })) {
    const { rows } = await client.query<{ start: string; end: string }>(
      `select start_lsn::text as start, end_lsn::text as end from pg_available_wal_summaries()
       where tli = $1 and end_lsn > $2::pg_lsn and start_lsn < $3::pg_lsn order by start_lsn`,
      [timeline, formatLsn(from), formatLsn(to)],
    );
    let covered = from;
    for (const row of rows)
      if (parseLsn(row.start) <= covered && parseLsn(row.end) > covered) covered = parseLsn(row.end);
    if (covered >= to) return [rows.map(({ start }) => start), rows.map(({ end }) => end)];
    const hole = rows.length === 0 ? false : parseLsn(rows[0]?.start ?? '') > from;
    if (hole || Date.now() > deadline) return undefined;
  }
}

/** Neighbouring blocks as one row; of a truncation the first block that went. */
const rangesOf = `
  with contents as (
    select c.* from unnest($2::text[], $3::text[]) as s(start_lsn, end_lsn),
      lateral pg_wal_summary_contents($1, s.start_lsn::pg_lsn, s.end_lsn::pg_lsn) c
    where relforknumber = 0
  ), blocks as (
    select distinct reltablespace, reldatabase, relfilenode, relblocknumber from contents where not is_limit_block
  ), islands as (
    select *, relblocknumber - row_number() over (
      partition by reltablespace, reldatabase, relfilenode order by relblocknumber) as island from blocks
  )
  select reltablespace::text as space, reldatabase::text as database, relfilenode::text as relation,
    min(relblocknumber)::float8 as first, count(*)::float8 as count from islands
    group by reltablespace, reldatabase, relfilenode, island
  union all
  select reltablespace::text, reldatabase::text, relfilenode::text, min(relblocknumber)::float8, null from contents
    where is_limit_block group by reltablespace, reldatabase, relfilenode`;

interface Range {
  space: string;
  database: string;
  relation: string;
  first: number;
  /** Null: everything from there on. */
  count: number | null;
}

interface Changes {
  extents: Extent[];
  /** Everything from this byte on. */
  from?: number;
}

export class ChangedBlocks {
  private readonly relations = new Map<string, Changes>();

  constructor(
    ranges: Range[],
    private readonly segmentBlocks: number,
  ) {
    for (const { space, database, relation, first, count } of ranges) {
      const key = `${space}/${database}/${relation}`;
      const changes = this.relations.get(key) ?? { extents: [] };
      this.relations.set(key, changes);
      if (count === null) changes.from = first * blockBytes;
      else changes.extents.push({ offset: first * blockBytes, length: count * blockBytes });
    }
  }

  /**
   * What changed of a file that had `known` bytes at the backup before; undefined: no answer.
   * What lies beyond those bytes is new, whether the WAL tells of it or not.
   */
  of(entry: TreeEntry, known: number): Extent[] | undefined {
    const file = mainFork(entry);
    // A database that was made by copying files is told of as its relation 0.
    if (file === undefined || this.relations.has(`${file.space}/${file.database}/0`)) return undefined;
    const start = file.segment * this.segmentBlocks * blockBytes;
    const { extents, from = Number.POSITIVE_INFINITY } = this.relations.get(
      `${file.space}/${file.database}/${file.relation}`,
    ) ?? {
      extents: [],
    };
    const own = extents.flatMap(({ offset, length }) => shifted(offset - start, length));
    const tail = Math.max(0, Math.min(known - (known % blockBytes), from - start));
    return before(
      tail < entry.size ? union(own, [{ offset: tail, length: entry.size - tail }]) : union(own, []),
      entry.size,
    );
  }
}

/** What of a stretch lies in the file when it begins that much later. */
function shifted(offset: number, length: number): Extent[] {
  const from = Math.max(0, offset);
  return offset + length > from ? [{ offset: from, length: offset + length - from }] : [];
}

const globalSpace = '1664';
const defaultSpace = '1663';
const relationPath = /^(?:(global)|base\/(\d+)|(?:pg_tblspc\/(\d+)\/)?PG_[^/]+\/(\d+))\/(\d+)(?:\.(\d+))?$/;

/** The relation whose first fork a file is part of. */
function mainFork({ root, path }: TreeEntry) {
  const match = relationPath.exec(pathBytes(path).toString('latin1'));
  if (!match) return undefined;
  const [, global, ofBase, inPlaceSpace, ofSpace, relation, segment] = match;
  const isData = root === 'data';
  if (isData !== (global !== undefined || ofBase !== undefined || inPlaceSpace !== undefined)) return undefined;
  const outside = isData ? undefined : root;
  return {
    space: global ? globalSpace : (inPlaceSpace ?? outside ?? defaultSpace),
    database: global ? '0' : (ofBase ?? ofSpace ?? ''),
    relation,
    segment: Number(segment ?? 0),
  };
}
