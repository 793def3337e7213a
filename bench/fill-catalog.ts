/**
 * Fills the store of a configuration with made-up backups: heads and sealed manifests, no packs. `node fill-catalog.js N` for N of them and a
 * snapshot, `node fill-catalog.js N CHANGES` to change so many afterwards, as a verification does. A process of its own, for the certificate.
 */
import { loadConfig } from '../components/config-file/load';
import { openConfiguredRepository } from '../components/config-file/open-repository';
import type { BackupHead, SealedManifest } from '../domain/backup';
import { backupId } from '../domain/ids';
import { forEach } from '../repository/catalog/each';
import { byAge, headBody } from '../repository/catalog/read';
import { type Sightings, sealedStamp, stampOf } from '../repository/catalog/seen';
import { putSnapshot } from '../repository/catalog/snapshots';
import type { RepositoryCopy } from '../repository/copy';
import { putHead } from '../repository/heads';
import { backupKeys, backupOfHead, backupsPrefix, headKey, headsPrefix } from '../repository/names';
import { putSealedManifest } from '../repository/sealed-manifest';

const everyMs = 3600_000;
const newest = Date.parse('2026-11-01T00:00:00Z');
/** A full backup and what builds upon it. */
const chainLength = 7;

async function main(count: number, changes: number): Promise<void> {
  const { config } = await loadConfig();
  const repository = await openConfiguredRepository(config, { create: true });
  for (const copy of repository.copies) {
    const numbers = Array.from({ length: changes > 0 ? changes : count }, (_, number) => number);
    if (changes > 0) {
      await forEach(numbers, 16, async (number) => {
        const head = await made(copy, number * Math.max(1, Math.floor(count / changes)), count);
        await putHead(copy, { ...head, verifiedAt: new Date(newest).toISOString() });
      });
      continue;
    }
    // Heads of years ago, made by an earlier version: they are in no history.
    const heads: BackupHead[] = [];
    await forEach(numbers, 32, async (number) => {
      const head = await made(copy, number, count);
      await copy.store.put(headKey(head.id), headBody(head));
      heads.push(head);
    });
    await index(copy, heads.sort(byAge));
  }
  await repository.close();
}

/** As the snapshots of all those years would have left it, each of which looked at what was new. */
async function index(copy: RepositoryCopy, heads: BackupHead[]): Promise<void> {
  const sightings: Sightings = new Map();
  for await (const object of copy.store.list(headsPrefix)) {
    const head = stampOf(object);
    if (head !== undefined) sightings.set(backupOfHead(object.key), { head });
  }
  const stamps = new Map<string, string | undefined>();
  if (sightings.size > 0) for await (const one of copy.store.list(backupsPrefix)) stamps.set(one.key, stampOf(one));
  for (const { id, manifestSha256 = '' } of heads) {
    const stamp = stamps.get(backupKeys.sealed(id));
    if (stamp !== undefined) sightings.set(id, { ...sightings.get(id), sealed: sealedStamp(stamp, manifestSha256) });
  }
  await putSnapshot(copy, { number: 1, since: 0, absorbed: [], unsettled: [], heads }, sightings);
}

async function made(copy: RepositoryCopy, number: number, count: number): Promise<BackupHead> {
  const { type, id, startedAt } = nameOf(number, count);
  const first = number - (number % chainLength);
  const chain = type === 'full' ? [] : Array.from({ length: number - first }, (_, at) => nameOf(first + at, count).id);
  const lsn = `0/${(0x1000000 + number * 64).toString(16).toUpperCase()}`;
  const summary = { runs: 1, packs: 5, files: 1200, bytes: 1_300_000_000, storedBytes: 155_000_000, warnings: [] };
  const endedAt = new Date(Date.parse(startedAt) + 61_000).toISOString();
  const about = { system: copy.system, site: 'dc01', type, tier: 'hourly', startedAt, endedAt };
  const summaries = {
    database: { kind: 'postgres' as const, ...summary },
    files: { kind: 'files' as const, ...summary },
  };
  const components = Object.fromEntries(
    Object.entries(summaries).map(([name, one]) => [name, { kind: one.kind, indexes: [], summary: one }]),
  );
  const manifest: SealedManifest = { format: 1, backupId: id, ...about, components };
  const { sha256 } = await putSealedManifest(copy, manifest);
  return {
    ...{ id, ...about, status: 'completed', seconds: 61, components: summaries },
    ...{ bytes: 2_600_000_000, storedBytes: 310_000_000, checksum: sha256, manifestSha256: sha256 },
    ...{ stores: [copy.store.name], location: copy.store.location, verifiedAt: endedAt },
    databases: { database: { systemIdentifier: '7400000000000000001', timeline: 1, startLsn: lsn, stopLsn: lsn } },
    ...(chain.length > 0 && { chain }),
  };
}

function nameOf(number: number, count: number) {
  const at = new Date(newest - (count - number) * everyMs);
  const type = number % chainLength === 0 ? ('full' as const) : ('incremental' as const);
  return { type, id: backupId({ system: 'bench', type, at }), startedAt: at.toISOString() };
}

void main(Number(process.argv[2]), Number(process.argv[3] ?? 0));
