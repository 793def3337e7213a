/** A base backup over the protocol without packs: stream, plain copy in slices, facts. What a whole backup does, in small. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { crc32c } from '@node-rs/crc32';
import type pg from 'pg';
import { captureStreamed } from '../../../components/postgres/base-backup/facts';
import { BaseBackupStream, type StreamEnd } from '../../../components/postgres/base-backup/stream';
import { withClient } from '../../../components/postgres/connection';
import { giveTo, type Owner } from '../../../components/postgres/owner';
import { serverFacts } from '../../../components/postgres/server';
import { ReplicationConnection } from '../../../components/postgres/wal/replication';
import type { PostgresFacts } from '../../../domain/backup';
import type { RunIndex } from '../../../domain/pack';
import { type StoredSlice, showPath, type TreeEntry } from '../../../domain/tree';

export interface StreamedCopy {
  facts: PostgresFacts;
  end: StreamEnd;
  warnings: string[];
  entries: TreeEntry[];
  runs: Pick<RunIndex, 'entries' | 'packs'>[];
}

/** What happens besides, called with each entry before its bytes are read. */
export type Meanwhile = (entry: TreeEntry, number: number) => Promise<unknown> | unknown;

/** @param rootOf where a tree goes: it is made */
export async function copyByStream(
  config: pg.ClientConfig,
  rootOf: (root: string) => string,
  owner: Owner,
  meanwhile: Meanwhile = () => undefined,
): Promise<StreamedCopy> {
  const server = await withClient(config, serverFacts);
  const connection = await ReplicationConnection.open(config, 'holdfast/test/1');
  try {
    const stream = await BaseBackupStream.begin(connection, "a label's quote");
    const entries: TreeEntry[] = [];
    const slices: StoredSlice[] = [];
    for await (const { entry, body } of stream.entries()) {
      await meanwhile(entry, entries.push(entry));
      const place = path.join(rootOf(entry.root), showPath(entry.path));
      if (entry.type === 'directory') mkdirSync(place, { recursive: true, mode: entry.mode });
      else slices.push(await copyFile(entry, body, place));
      giveTo(owner, place);
    }
    const end = stream.end();
    const named = { user: owner.user ?? '', uid: owner.uid, gid: owner.gid };
    const capture = { server, beginning: stream.beginning, end, owner: named };
    const { facts, warnings } = await withClient(config, (client) => captureStreamed(client, capture));
    const packs = [{ slices }] as unknown as RunIndex['packs'];
    return { facts, end, warnings, entries, runs: [{ entries, packs }] };
  } finally {
    await connection.close();
  }
}

async function copyFile(entry: TreeEntry, body: AsyncIterable<Buffer>, place: string): Promise<StoredSlice> {
  const parts: Buffer[] = [];
  for await (const part of body) parts.push(part);
  const bytes = Buffer.concat(parts);
  writeFileSync(place, bytes, { mode: entry.mode });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const { root, path: relative } = entry;
  return { root, path: relative, offset: 0, length: bytes.length, at: 0, sha256, crc32c: crc32c(bytes), outcome: 'ok' };
}
