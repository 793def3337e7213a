/** Damage in the store: told with its place before anything is touched, whatever is damaged, and never served as data. */
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { PostgresFacts, SealedComponent } from '../../domain/backup';
import { parseLsn, segmentOf } from '../../domain/lsn';
import type { ProcedureResult } from '../../domain/progress';
import { getSealedManifest } from '../../repository/sealed-manifest';
import { WalNames } from '../../repository/wal/names';
import { TestSystem, type Up } from '../support/system';
import { altered, type Ended, expectRefusal, flipped, object, objects, untouched, withCopy } from './bad-case';

type End = ProcedureResult & { exit: number | null; stderr: string };

let system: TestSystem;
let up: Up;
let first: string;
let second: string;

beforeAll(async () => {
  system = await TestSystem.create({ cluster: { initdb: ['--wal-segsize=1'] } });
  await system.cluster.psql(`create table t as select g as id, md5(g::text) as x from generate_series(1, 20000) g`);
  up = await system.up();
  first = (await system.procedure('backup')).backupId as string;
  await system.cluster.psql('insert into t select g from generate_series(1, 20000) g; select pg_switch_wal()');
  second = (await system.procedure('backup')).backupId as string;
});
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

const inStore = (key: string) => path.join(system.storeDir, key);
const packsOf = (id: string) => objects(system.storeDir, new RegExp(`^backups/${id}/packs/`));
/** The largest pack: one of the database's. */
const packOf = (id: string) =>
  packsOf(id).sort((a, b) => readFileSync(inStore(b)).length - readFileSync(inStore(a)).length)[0] as string;
const restoreInPlace = (...more: string[]): Promise<End> =>
  untouched(system, () => system.procedure('restore', second, ...more));

describe('a pack', () => {
  test('with a flipped byte is told before services are stopped', async () => {
    const pack = packOf(second);
    const end = await altered(inStore(pack), flipped(), () => restoreInPlace());
    expectRefusal(end, 'checksum_mismatch', {
      says: /other bytes than were written/,
      where: pack,
      hint: /another store or backup/,
    });
  });

  test('that is cut short is told', async () => {
    const pack = packOf(second);
    const end = await altered(
      inStore(pack),
      (bytes) => bytes.subarray(0, bytes.length - 100),
      () => restoreInPlace(),
    );
    expectRefusal(end, 'checksum_mismatch', { says: /another length|cut/, where: pack });
  });

  test('that is gone is told', async () => {
    const pack = packOf(second);
    const end = await altered(
      inStore(pack),
      () => undefined,
      () => restoreInPlace(),
    );
    expectRefusal(end, 'object_not_found', { says: /not in the store/, where: pack });
  });

  test('of another backup in its place is told', async () => {
    const pack = packOf(second);
    const other = readFileSync(inStore(packOf(first)));
    const end = await altered(
      inStore(pack),
      () => other,
      () => restoreInPlace(),
    );
    expectRefusal(end, 'checksum_mismatch', { says: /length|bytes/, where: pack });
  });

  test.each([
    ['with a flipped byte is told while it is placed beside what serves', flipped(), 'checksum_mismatch'],
    ['that is gone is told before anything is placed', () => undefined, 'object_not_found'],
  ] as const)('%s, and nothing is left there', async (_, change, code) => {
    const pack = packOf(second);
    const to = path.join(system.dir, 'beside');
    const end = await altered(inStore(pack), change, () =>
      untouched(system, () => system.procedure('restore', second, '--to', to)),
    );
    expectRefusal(end, code, { says: /damaged|bytes|not in the store/, where: pack });
    expect(existsSync(to)).toBe(false);
  });

  test('that is damaged after a skipped verification brings everything back as it was', async () => {
    const files = readFileSync(path.join(system.filesDir, 'app.conf'));
    const rows = await system.cluster.psql('select count(*) from t');
    const pack = packOf(second);
    const end = await altered(inStore(pack), flipped(), () =>
      system.procedure('restore', second, '--skip-verification'),
    );
    expectRefusal(end, 'checksum_mismatch', { says: /damaged|other bytes/, where: pack });
    expect(readFileSync(path.join(system.filesDir, 'app.conf'))).toEqual(files);
    expect(await system.cluster.psql('select count(*) from t')).toBe(rows);
    expect(objects(system.dir, /holdfast-/)).toEqual([]);
    expect(objects(system.cluster.dir, /holdfast-/)).toEqual([]);
  });

  test.each(['--quick', '--full'])('with a flipped byte is found by verify %s', async (level) => {
    const pack = packOf(second);
    const end = await altered(inStore(pack), flipped(), () => system.procedure('verify', second, level));
    expectRefusal(end, 'checksum_mismatch', { says: /other bytes/, where: pack, hint: /make a new one/ });
  });
});

describe('the manifest and the indexes', () => {
  test('a flipped byte in the sealed manifest', async () => {
    const end = await altered(inStore(`backups/${second}/sealed`), flipped(), () => restoreInPlace());
    expectRefusal(end, 'checksum_mismatch', { says: /not the one that was written/, where: `${second}/sealed` });
  });

  test('the sealed manifest of another backup in its place', async () => {
    const other = readFileSync(inStore(`backups/${first}/sealed`));
    const swapped = (act: () => Promise<End>) =>
      altered(
        inStore(`backups/${second}/sealed`),
        () => other,
        () => act(),
      );
    expectRefusal(await swapped(() => restoreInPlace()), 'checksum_mismatch', { says: /not the one/, where: second });
    expectRefusal(await swapped(() => system.procedure('verify', second, '--quick')), 'checksum_mismatch', {
      says: /not the one/,
    });
  });

  test('another backup with all its objects in its place: neither its head nor its contents fit', async () => {
    const head = readFileSync(inStore(`catalog/heads/${first}.json`), 'utf8').replaceAll(first, second);
    const sealed = readFileSync(inStore(`backups/${first}/sealed`));
    const end = await altered(
      inStore(`catalog/heads/${second}.json`),
      () => Buffer.from(head),
      () =>
        altered(
          inStore(`backups/${second}/sealed`),
          () => sealed,
          () => restoreInPlace(),
        ),
    );
    expectRefusal(end, 'checksum_mismatch', { says: /damaged|another|not the one/, where: `${second}/sealed` });
  });

  test('a flipped byte in an index, and one that is gone', async () => {
    const index = objects(system.storeDir, new RegExp(`^backups/${second}/index/database/`))[0] as string;
    const flippedEnd = await altered(inStore(index), flipped(), () => restoreInPlace());
    expectRefusal(flippedEnd, 'checksum_mismatch', { says: /not the one that was written/, where: index });
    const gone = await altered(
      inStore(index),
      () => undefined,
      () => restoreInPlace(),
    );
    expectRefusal(gone, 'object_not_found', { says: /not in the store/, where: index });
  });

  test('a flipped byte in the data key', async () => {
    const end = await altered(
      inStore(`backups/${second}/key.json`),
      (bytes) => Buffer.from(bytes.toString().replace(/"wrapped": ?"./, (text) => `${text.slice(0, -1)}_`)),
      () => restoreInPlace(),
    );
    expectRefusal(end, 'invalid_backup', { says: /form it should have/, where: `${second}/key.json` });
  });
});

describe('the WAL', () => {
  /** The ledger looks every twenty seconds and would put right what is wrong: each case is over before it looks again. */
  beforeEach(async () => {
    const ledger = object(system.storeDir, /\/ledger\//);
    const before = statSync(ledger).mtimeMs;
    await system.until(async () => statSync(ledger).mtimeMs > before || undefined, 60_000);
  });

  test('a flipped byte in a segment that makes the backup consistent', async () => {
    const segment = await startOfNewest();
    const end = await altered(inStore(segment), flipped(), () => restoreInPlace());
    expectRefusal(end, 'checksum_mismatch', { says: /damaged|bytes|sealed/, where: segment });
    const full = await altered(inStore(segment), flipped(), () => system.procedure('verify', second, '--full'));
    expectRefusal(full, 'checksum_mismatch', { says: /damaged|bytes|sealed/, where: segment });
  });

  test('a segment of the backup that is gone', async () => {
    const segment = await startOfNewest();
    const act = (work: () => Promise<End>) =>
      altered(
        inStore(segment),
        () => undefined,
        () => work(),
      );
    expectRefusal(await act(() => restoreInPlace()), 'wal_gap', { says: /not stored/, where: /[0-9A-F]{24}/ });
    expectRefusal(await act(() => system.procedure('verify', second, '--quick')), 'wal_gap', { says: /not stored/ });
  });
});

describe('the catalog', () => {
  const heads = () => objects(system.storeDir, /^catalog\/heads\//).map(inStore);

  test('when it is empty, no backup is found, and rebuilding brings every one back', async () => {
    const kept = heads().map((file) => ({ file, bytes: readFileSync(file) }));
    for (const { file } of kept) rmSync(file);
    expectRefusal(await restoreInPlace(), 'backup_not_found', { says: new RegExp(second), hint: /catalog rebuild/ });
    const latest = await untouched(system, () => system.procedure('restore', 'latest'));
    expectRefusal(latest, 'backup_not_found', { says: /no completed backup/, hint: /catalog rebuild/ });
    expect(await system.cli('catalog', 'rebuild')).toMatchObject({ code: 0 });
    const listed = JSON.parse((await system.cli('list', '--json')).stdout) as { id: string }[];
    // The ledger may have made another one behind a gap that an earlier test left.
    expect(listed.map(({ id }) => id)).toEqual(expect.arrayContaining([first, second]));
    for (const { file, bytes } of kept) writeFileSync(file, bytes);
  });

  test('a damaged head hides no other backup and names what mends it', async () => {
    const head = inStore(`catalog/heads/${second}.json`);
    const end = await altered(
      head,
      (bytes) => bytes.subarray(0, 40),
      () => restoreInPlace(),
    );
    expectRefusal(end, 'catalog_damaged', {
      says: /damaged/,
      where: head.slice(system.storeDir.length + 1),
      hint: /rebuild/,
    });
    const listed = await altered(
      head,
      (bytes) => bytes.subarray(0, 40),
      () => system.cli('list', '--json'),
    );
    expect((JSON.parse(listed.stdout) as { id: string }[]).map(({ id }) => id)).toEqual([first]);
    expect(listed.stderr).toContain(`catalog/heads/${second}.json`);
  });

  test('the latest backup is not silently an older one when the newest head is damaged', async () => {
    const head = inStore(`catalog/heads/${second}.json`);
    const end = await altered(
      head,
      (bytes) => bytes.subarray(0, 40),
      () => system.procedure('restore', 'latest', '--to', path.join(system.dir, 'out'), '--dry-run'),
    );
    expectRefusal(end, 'catalog_damaged', { says: /newest/, where: second, hint: /rebuild/ });
  });
});

describe('repository.json', () => {
  test('that is garbage ends every command with a word about it', async () => {
    const file = object(system.storeDir, /^repository\.json$/);
    const end = await altered(
      file,
      () => Buffer.from('{}'),
      async (): Promise<Ended> => {
        const { code, stdout, stderr } = await system.cli('list', '--json');
        return { exit: code, stderr, ...(JSON.parse(stdout) as Pick<Ended, 'error'>) };
      },
    );
    expectRefusal(end, 'invalid_backup', { says: /form it should have/, where: 'repository.json' });
  });
});

/** Key of the segment in which the newest backup starts. */
async function startOfNewest(): Promise<string> {
  const manifest = await withCopy(system, (copy) => getSealedManifest(copy, { id: second }));
  const { timeline, startLsn, systemIdentifier } = (manifest.components['database'] as SealedComponent)
    .postgres as PostgresFacts;
  const size = 1 << 20;
  return new WalNames(systemIdentifier, size).segment(timeline, segmentOf(parseLsn(startLsn), size));
}
