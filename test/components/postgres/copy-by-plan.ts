/** A base backup without packs: session, plan, plain copy in slices, WAL by `cp` out of `pg_wal`. What a whole backup does, in small. */

import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { crc32c } from '@node-rs/crc32';
import { captureFacts } from '../../../components/postgres/capture';
import { withClient } from '../../../components/postgres/connection';
import { clientConfig } from '../../../components/postgres/conninfo';
import { giveTo, ownerOf } from '../../../components/postgres/owner';
import { readControlFile } from '../../../components/postgres/pg-control';
import { type PlannedEntry, planBackup } from '../../../components/postgres/plan';
import { serverFacts } from '../../../components/postgres/server';
import { BackupSession } from '../../../components/postgres/session';
import type { PostgresFacts } from '../../../domain/backup';
import type { RunIndex } from '../../../domain/pack';
import { type StoredSlice, showPath, type TreeEntry } from '../../../domain/tree';
import type { Cluster } from '../../support/postgres-cluster';

export interface CopiedBackup {
  facts: PostgresFacts;
  planned: PlannedEntry[];
  skipped: { path: string; reason: string }[];
  runs: Pick<RunIndex, 'entries' | 'packs'>[];
  /** Root → where it was copied to. */
  roots: Record<string, string>;
}

/** Odd on purpose, so that slices end within pages and files are cut at uneven places. */
const sliceBytes = 3_000_001;

export async function copyByPlan(
  cluster: Cluster,
  roots: Record<string, string>,
  meanwhile: () => Promise<unknown> = async () => undefined,
): Promise<CopiedBackup> {
  const config = clientConfig(cluster.conninfo);
  const server = await withClient(config, serverFacts);
  const session = await BackupSession.open(config, 'test_full_20260101_000000', 1);
  const control = readControlFile(cluster.dataDir);
  const { major, tablespaces } = server;
  const source = { dataDir: cluster.dataDir, control, major, tablespaces, startLsn: session.start.startLsn };
  const planned: PlannedEntry[] = [];
  const skipped: { path: string; reason: string }[] = [];
  for await (const item of planBackup(source)) {
    if ('skipped' in item) skipped.push(item.skipped);
    else planned.push(item);
  }
  await meanwhile();
  const slices = planned.flatMap(({ entry }) => copyEntry(cluster, server.tablespaces, roots, entry));
  const stop = await session.close();
  const { facts } = captureFacts({ server, control, dataDir: cluster.dataDir, start: session.start, stop });
  // Two runs, with a file that ends in the second.
  const cut = slices.findIndex((one) => one.offset > 0);
  const packs = [slices.slice(0, cut), slices.slice(cut)].map((some) => ({ slices: some })) as RunIndex['packs'];
  const entries = planned.map((one) => one.entry);
  const runs = [
    { entries, packs: packs.slice(0, 1) },
    { entries: [], packs: packs.slice(1) },
  ];
  return { facts, planned, skipped, runs, roots };
}

function copyEntry(
  cluster: Cluster,
  tablespaces: { oid: string; location: string }[],
  roots: Record<string, string>,
  entry: TreeEntry,
): StoredSlice[] {
  const relative = showPath(entry.path);
  const from = path.join(
    entry.root === 'data' ? cluster.dataDir : (tablespaces.find((one) => one.oid === entry.root)?.location as string),
    relative,
  );
  const to = path.join(roots[entry.root] as string, relative);
  if (entry.type === 'directory') mkdirSync(to, { recursive: true, mode: entry.mode });
  const slices = entry.type === 'file' ? copyFile(from, to, entry) : [];
  giveTo(ownerOf(cluster.dataDir), to);
  return slices;
}

function copyFile(from: string, to: string, entry: TreeEntry): StoredSlice[] {
  const [source, target] = [openSync(from, 'r'), openSync(to, 'w', 0o600)];
  const slices: StoredSlice[] = [];
  for (let offset = 0; offset < entry.size; offset += sliceBytes) {
    const buffer = Buffer.alloc(Math.min(sliceBytes, entry.size - offset));
    const length = readSync(source, buffer, 0, buffer.length, offset);
    const bytes = buffer.subarray(0, length);
    writeSync(target, bytes, 0, length, offset);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    slices.push({
      root: entry.root,
      path: entry.path,
      offset,
      length,
      at: 0,
      sha256,
      crc32c: crc32c(bytes),
      outcome: 'ok',
    });
  }
  closeSync(source);
  closeSync(target);
  return slices;
}

/** Every segment of the server so far, whole, into a spool that the owner can read. */
export async function spoolWal(cluster: Cluster, spool: string): Promise<void> {
  await cluster.psql('select pg_switch_wal()');
  mkdirSync(spool, { recursive: true, mode: 0o755 });
  const wal = path.join(cluster.dataDir, 'pg_wal');
  for (const name of readdirSync(wal).filter((one) => /^[0-9A-F]{24}$|\.history$/.test(one))) {
    copyFileSync(path.join(wal, name), path.join(spool, name));
    giveTo(ownerOf(cluster.dataDir), path.join(spool, name));
  }
}

/** Flips one bit. */
export function damage(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] as number) ^ 0x10;
  writeFileSync(file, bytes);
}
