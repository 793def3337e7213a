/** A small repository in folders of its own, and whole backups in it, for tests of what lies around packs. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { BackupHead, ChainLink, SealedManifest } from '../../domain/backup';
import type { RunIndex } from '../../domain/pack';
import type { TreeEntry } from '../../domain/tree';
import { putChecksums } from '../../repository/checksums';
import type { RepositoryCopy } from '../../repository/copy';
import type { KeySource } from '../../repository/crypto/key-source';
import { createDataKey } from '../../repository/data-key';
import { putHead } from '../../repository/heads';
import { packKey } from '../../repository/names';
import { buildPack } from '../../repository/packs/build';
import { storePack } from '../../repository/packs/store-pack';
import { putPlainManifest } from '../../repository/plain-manifest';
import { Repository } from '../../repository/repository';
import { putRunIndex } from '../../repository/run-index';
import { putSealedManifest } from '../../repository/sealed-manifest';
import { openStore } from '../../repository/stores/open';
import { memorySource } from './packs/source';

const folders: string[] = [];
const opened: Repository[] = [];

export async function folder(): Promise<string> {
  const made = await mkdtemp(path.join(os.tmpdir(), 'holdfast-repository-'));
  folders.push(made);
  return made;
}

/** For `afterAll`. */
export async function removeAll(): Promise<void> {
  await Promise.all(opened.map((repository) => repository.close()));
  await Promise.all(folders.map((one) => rm(one, { recursive: true, force: true })));
}

export async function keyFile(): Promise<KeySource & { kind: 'file' }> {
  const file = path.join(await folder(), 'master.key');
  await writeFile(file, randomBytes(32).toString('base64'), { mode: 0o600 });
  return { kind: 'file', path: file };
}

export interface Opening {
  /** Folders of the stores, which are named s0, s1 … */
  roots: string[];
  keySource: KeySource;
  system?: string;
  create?: boolean;
}

export async function open({ roots, keySource, system = 'shop', create = true }: Opening): Promise<Repository> {
  const stores = roots.map((root, number) => openStore(`s${number}`, { kind: 'dir', path: root }));
  const repository = await Repository.open({ stores, keySource, system, create });
  opened.push(repository);
  return repository;
}

/** File names and contents that must not be found in the clear. */
export const secretName = 'salaries-of-everybody';
export const secretText = 'the-director-earns-too-much';

/** A completed backup of two runs of two packs each. @param chain what it builds upon, by its word alone */
export async function makeBackup(copy: RepositoryCopy, backupId: string, chain: ChainLink[] = []): Promise<BackupHead> {
  const dataKey = await createDataKey(copy, backupId);
  const component = 'config';
  const refs = [];
  const sum = { bytes: 0, storedBytes: 0 };
  for (const run of [0, 1]) {
    const index: RunIndex = { run, generation: 0, entries: [entry(run)], packs: [] };
    for (const pack of [run * 2, run * 2 + 1]) {
      const { slices, open: read } = memorySource([
        Buffer.from(`${secretText} ${pack}\n`.repeat(500)),
        randomBytes(900),
      ]);
      const named = slices.map((slice) => ({ ...slice, path: `${secretName}/${String(slice.path)}` }));
      const source = { backupId, component, pack, slices: named, dataKey, contentKey: copy.keys.content };
      const built = buildPack(source, (slice) => read({ ...slice, path: String(slice.path).split('/')[1] ?? '' }));
      const object = packKey(copy.keys.names, { backupId, component, generation: 0 }, pack);
      const stored = await storePack(copy, object, built, { backupId, component, dataKey });
      index.packs.push(stored);
      sum.bytes += stored.bytes;
      sum.storedBytes += stored.storedBytes;
    }
    refs.push(await putRunIndex(copy, { backupId, component }, index));
  }
  const warnings = [`the file ${secretName}/x changed while it was read`];
  const summary = { kind: 'files' as const, runs: 2, packs: 4, files: 8, ...sum, warnings };
  const manifest: SealedManifest = {
    format: 1,
    backupId,
    system: copy.system,
    site: 'dc01',
    type: chain.length === 0 ? 'full' : 'incremental',
    startedAt: '2026-01-01T00:00:00Z',
    endedAt: '2026-01-01T00:01:00Z',
    components: { config: { kind: 'files', indexes: refs, summary, files: { paths: [`/srv/${secretName}`] } } },
    ...(chain.length > 0 && { chain }),
  };
  return await publish(copy, manifest, summary);
}

async function publish(
  copy: RepositoryCopy,
  manifest: SealedManifest,
  summary: BackupHead['components'][string],
): Promise<BackupHead> {
  const sealed = await putSealedManifest(copy, manifest);
  await putPlainManifest(copy, manifest, sealed);
  const checksums = await putChecksums(copy, manifest);
  const { backupId: id, system, site, type, startedAt, endedAt, chain } = manifest;
  const head: BackupHead = {
    id,
    system,
    site,
    type,
    status: 'completed',
    startedAt,
    endedAt,
    seconds: 60,
    components: { config: summary },
    bytes: summary.bytes,
    storedBytes: summary.storedBytes,
    checksum: checksums.sha256,
    manifestSha256: sealed.sha256,
    stores: [copy.store.name],
    location: copy.store.location,
    ...(chain && { chain: chain.map((link) => link.backupId) }),
  };
  await putHead(copy, head);
  return head;
}

function entry(run: number): TreeEntry {
  const path = `${secretName}/file-${run}`;
  const times = { mtimeNs: '1700000000000000000', ctimeNs: '1700000000000000000' };
  return { root: '0', path, type: 'file', mode: 0o600, uid: 0, gid: 0, size: 1, ino: '1', ...times };
}

/** Every file below a folder: path from there, and contents. */
export async function filesBelow(root: string): Promise<{ path: string; bytes: Buffer }[]> {
  const names = await readdir(root, { recursive: true, withFileTypes: true });
  const files = names.filter((one) => one.isFile()).map((one) => path.join(one.parentPath, one.name));
  return await Promise.all(
    files.map(async (file) => ({ path: path.relative(root, file), bytes: await readFile(file) })),
  );
}

export async function flipByte(file: string, at = -10): Promise<void> {
  const bytes = await readFile(file);
  const position = at < 0 ? bytes.length + at : at;
  bytes.writeUInt8(bytes.readUInt8(position) ^ 1, position);
  await writeFile(file, bytes);
}
