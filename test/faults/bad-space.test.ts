/**
 * Disks that are full and stores that fail: refused before anything is touched, or everything is put back; and no backup counts that
 * its store does not hold.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BackupHead } from '../../domain/backup';
import { TestSystem, type Up } from '../support/system';
import { expectRefusal, objects, treeOf, untouched } from './bad-case';
import { type Mounted, mayMount, mountSmall } from './mounted';

let system: TestSystem;
let backup: string;
const mounts: Mounted[] = [];
/** Each takes a page of the disk, and a byte of the backup: there is room for what is counted and not for what is placed. */
const manyFiles = 3000;

async function small(name: string, options: string): Promise<Mounted> {
  const mounted = await mountSmall(path.join(system.dir, name), options);
  mounts.push(mounted);
  return mounted;
}

beforeAll(async () => {
  system = await TestSystem.create({
    files: (folder) => {
      mkdirSync(path.join(folder, 'many'));
      for (let number = 0; number < manyFiles; number++) writeFileSync(path.join(folder, 'many', `${number}`), 'x');
    },
  });
  await system.keepServer();
  backup = (await system.procedure('backup')).backupId as string;
}, 60_000);
afterAll(async () => {
  for (const one of mounts) await one.unmount();
  await system?.destroy();
});

const heads = async () => JSON.parse((await system.cli('list', '--json')).stdout) as BackupHead[];
const objectsOf = (id: string | undefined, store = system.storeDir) =>
  objects(store, new RegExp(`^backups/${id}/`)).filter((key) => !key.endsWith('receipt.json'));

if (!mayMount) console.warn('full disks are NOT TESTED: only root can mount a small file system');

(mayMount ? describe : describe.skip)('a target', () => {
  let up: Up;
  beforeAll(async () => {
    up = await system.up();
  });
  afterAll(async () => {
    await up?.stop();
  });

  test('that is too small is refused before anything is written', async () => {
    const { folder } = await small('small', 'size=10m');
    const end = await untouched(system, () => system.procedure('restore', backup, '--to', folder));
    expectRefusal(end, 'target_full', { says: /needs \d+ MiB and has 10 MiB left/, where: folder, hint: /--to|room/ });
    expect(treeOf(folder)).toHaveLength(1);
  });

  test('that has room for the data but not for the WAL beside it is left empty', async () => {
    const { folder } = await small('narrow', 'size=36m');
    const end = await untouched(system, () => system.procedure('restore', backup, '--to', folder));
    expectRefusal(end, 'target_full', { says: /needs \d+ MiB|no space left/, where: folder, hint: /room/ });
    expect(treeOf(folder)).toHaveLength(1);
  });

  test('that fills up while files are placed is left empty', async () => {
    const { folder } = await small('pages', 'size=6m');
    const end = await untouched(system, () =>
      system.procedure('restore', backup, '--to', folder, '--component', 'config'),
    );
    expectRefusal(end, 'target_full', { says: /no space left/, where: /many\/\d+/, hint: /room/ });
    expect(treeOf(folder)).toHaveLength(1);
  });

  test('that fills up while a database is placed is left empty', async () => {
    const { folder } = await small('inodes', 'size=200m,nr_inodes=300');
    const end = await untouched(system, () =>
      system.procedure('restore', backup, '--to', folder, '--component', 'database'),
    );
    expectRefusal(end, 'target_full', { says: /no space left/, where: /./, hint: /room/ });
    expect(treeOf(folder)).toHaveLength(1);
  });

  test('that fills up under a restore in place gets back exactly what was there', async () => {
    const aside = `${system.filesDir}.real`;
    renameSync(system.filesDir, aside);
    const mounted = await mountSmall(system.filesDir, 'size=18m');
    try {
      mkdirSync(path.join(system.filesDir, 'many'));
      for (let number = 0; number < manyFiles; number++) {
        writeFileSync(path.join(system.filesDir, 'many', `${number}`), 'y', { mode: 0o640 });
      }
      const end = await untouched(system, () => system.procedure('restore', backup, '--component', 'config'));
      expectRefusal(end, 'target_full', { says: /no space left/, where: /many\/\d+/, hint: /room/ });
    } finally {
      await mounted.unmount();
      renameSync(aside, system.filesDir);
    }
  });
});

describe('a store', () => {
  const kept = () => `${system.storeDir}.kept`;

  test('that loses a write which it accepted never gets a completed backup', async () => {
    const before = new Set(await folders(system.storeDir));
    const thief = new AbortController();
    const stealing = stealPack(system.storeDir, before, thief.signal);
    const end = await system.procedure('backup');
    thief.abort();
    expect(await stealing).toBe(true);
    expectRefusal(end, 'store_lost_write', {
      says: /does not have what it had accepted/,
      where: /packs\//,
      hint: /logs/,
    });
    expect((await heads()).find(({ id }) => id === end.backupId)).toMatchObject({ status: 'failed' });
    expect(objectsOf(end.backupId)).toEqual([]);
  });

  test('whose directory is gone is not made anew behind everybody’s back', async () => {
    renameSync(system.storeDir, kept());
    try {
      const restore = await untouched(system, () => system.procedure('restore', backup));
      expectRefusal(restore, 'store_unavailable', { says: /held a repository before/, hint: /mounted/ });
      expect(existsSync(system.storeDir)).toBe(false);
      mkdirSync(system.storeDir);
      const unmounted = await system.procedure('backup', '--component', 'config');
      expectRefusal(unmounted, 'store_unavailable', {
        says: /held a repository before/,
        hint: /delete .*stores\.json/,
      });
      expect(await readdir(system.storeDir)).toEqual([]);
    } finally {
      rmSync(system.storeDir, { recursive: true, force: true });
      renameSync(kept(), system.storeDir);
    }
  });

  (mayMount ? describe : describe.skip)('on a file system of its own', () => {
    /** A new, small store in the place of the real one. */
    async function withStore(options: string, act: (mounted: Mounted) => Promise<void>): Promise<void> {
      const memory = path.join(system.stateDir, 'stores.json');
      rmSync(memory, { force: true });
      renameSync(system.storeDir, kept());
      const mounted = await mountSmall(system.storeDir, options);
      try {
        await act(mounted);
      } finally {
        await mounted.unmount();
        renameSync(kept(), system.storeDir);
        rmSync(memory, { force: true });
      }
    }

    test('that is full fails the backup, removes what it had stored, and leaves the database as it was', async () => {
      await withStore('size=2m', async () => {
        const end = await untouched(system, () => system.procedure('backup'));
        expectRefusal(end, 'store_full', { says: /ENOSPC/, hint: /room/ });
        expect(await heads()).toMatchObject([{ id: end.backupId, status: 'failed' }]);
        expect(objectsOf(end.backupId)).toEqual([]);
        const sessions = `select count(*) from pg_stat_activity where application_name like 'holdfast/%'`;
        expect(await system.cluster.psql(sessions)).toBe('0');
      });
    });

    test('that cannot be written to refuses the backup and serves the restore', async () => {
      await withStore('size=64m', async (mounted) => {
        const made = await system.procedure('backup', '--component', 'config');
        expect(made.status).toBe('completed');
        await mounted.remount('ro');
        const end = await system.procedure('backup', '--component', 'config');
        expectRefusal(end, 'store_denied', { says: /EROFS/, hint: /write there/ });
        const to = path.join(system.dir, 'out-ro');
        const restore = await system.procedure('restore', made.backupId as string, '--to', to);
        expect(restore.error).toBeUndefined();
        expect(restore).toMatchObject({ status: 'completed', receipt: null });
        expect(restore.warnings.join()).toMatch(/no receipt could be written/);
        expect(readFileSync(path.join(to, 'config', system.filesDir, 'many', '7'), 'utf8')).toBe('x');
      });
    });
  });
});

test('when no store can be reached at all, questions and procedures say so', async () => {
  const config = readFileSync(system.config, 'utf8');
  const file = path.join(system.dir, 'unreachable.yaml');
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration names secrets so
  const secret = '${env:HOME}';
  const s3 = [
    ...['stores:', '  hot:', '    kind: s3', '    bucket: none', '    endpoint: http://127.0.0.1:9', '    region: r'],
    ...[`    accessKeyId: ${secret}`, `    secretAccessKey: ${secret}`, ''],
  ].join('\n');
  writeFileSync(file, config.replace(/^stores:\n(?: .*\n)+/m, s3));
  const asked = await system.cli('list', '--config', file, '--json');
  expectRefusal({ exit: asked.code, ...JSON.parse(asked.stdout), stderr: asked.stderr }, 'store_unavailable', {
    says: /reach|answer|refused/i,
  });
  const end = await untouched(system, () => system.procedure('restore', 'latest', '--config', file));
  expectRefusal(end, 'store_unavailable', { says: /reach|answer|refused/i });
});

async function folders(storeDir: string): Promise<string[]> {
  return readdir(path.join(storeDir, 'backups')).catch(() => []);
}

/** Takes the first pack of a new backup out of the store as soon as it is there. */
async function stealPack(storeDir: string, before: Set<string>, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    for (const id of (await folders(storeDir)).filter((name) => !before.has(name))) {
      const packs = path.join(storeDir, 'backups', id, 'packs');
      const [first] = await readdir(packs).catch(() => []);
      if (first === undefined || statSync(path.join(packs, first)).size === 0) continue;
      unlinkSync(path.join(packs, first));
      return true;
    }
    await sleep(2);
  }
  return false;
}
