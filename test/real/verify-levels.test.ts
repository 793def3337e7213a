/** What each level of verification promises to find, in a directory and in a real S3 server, each copy on its own. */
import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { BackupHead, Proof } from '../../domain/backup';
import type { ProcedureResult } from '../../domain/progress';
import { TestSystem, type Up } from '../support/system';

let system: TestSystem;
let up: Up;
let full: string;
let incremental: string;
let scratch: string;

beforeAll(async () => {
  system = await TestSystem.create({
    store: 's3',
    configure: (config) => {
      (config['stores'] as Record<string, unknown>)['cold'] = { kind: 'dir', path: 'store' };
      config['verification'] = { scratch: 'scratch' };
    },
  });
  scratch = path.join(system.dir, 'scratch');
  // One after the other in one pack: what stays as it is, and what no later backup wants.
  for (const name of ['kept', 'replaced']) writeFileSync(path.join(system.filesDir, name), randomBytes(4 * 2 ** 20));
  await system.cluster.psql(`create table t (id int primary key, x text);
    insert into t select g, md5(g::text) from generate_series(1, 20000) g`);
  up = await system.up();
  full = (await system.procedure('backup')).backupId as string;
  await system.cluster.psql('update t set x = x || x where id < 2000');
  writeFileSync(path.join(system.filesDir, 'replaced'), randomBytes(4 * 2 ** 20));
  incremental = (await system.procedure('backup', '--type', 'incremental')).backupId as string;
});
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

const inDir = (...key: string[]) => path.join(system.storeDir, ...key);
const inBucket = (...key: string[]) => path.join(String(system.s3?.folder), ...key);

function head(backup: string): BackupHead {
  return JSON.parse(readFileSync(inDir('catalog', 'heads', `${backup}.json`), 'utf8')) as BackupHead;
}

function proofOf(backup: string, level: Proof['level']): Proof | undefined {
  return head(backup).proofs?.find((one) => one.level === level);
}

/** The largest pack: of the database, and of many files. */
function pack(folder: string): string {
  const sized = readdirSync(folder).map((name) => [readFileSync(path.join(folder, name)).length, name] as const);
  return path.join(folder, String(sized.sort((a, b) => b[0] - a[0])[0]?.[1]));
}

async function whileDamaged<T>(file: string, damage: (file: string) => void, act: () => Promise<T>): Promise<T> {
  const kept = `${path.join(system.dir, 'kept')}`;
  copyFileSync(file, kept);
  damage(file);
  try {
    return await act();
  } finally {
    copyFileSync(kept, file);
  }
}

/** Size and time stay what they were. */
function flip(file: string, share = 0.5): void {
  const { atime, mtime, size } = statSync(file);
  const bytes = readFileSync(file);
  const at = Math.floor(bytes.length * share);
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(file, bytes);
  utimesSync(file, atime, mtime);
  expect(statSync(file)).toMatchObject({ size, mtime });
}

const verify = (backup: string, ...args: string[]) => system.procedure('verify', backup, ...args);

test('publication proves each copy by the checksums of its own objects, and no more', async () => {
  const quick = { level: 'quick', outcome: 'passed', at: expect.any(String), seconds: expect.any(Number) };
  const inHot = JSON.parse(readFileSync(inBucket('catalog', 'heads', `${full}.json`), 'utf8')) as BackupHead;
  for (const one of [head(full), inHot]) {
    expect(one.proofs).toEqual([quick]);
    expect(one.verifiedAt).toBe(one.proofs?.[0]?.at);
    expect(one.provenAt).toBeUndefined();
  }
  expect(inHot.proofs?.[0]?.seconds).toBeGreaterThan(0);
  expect(head(incremental).proofs).toEqual([{ ...quick, alone: true }]);
});

test('a dry run says what each level costs, reads nothing and proves nothing', async () => {
  const before = head(full);
  const quick = await verify(full, '--dry-run', '--store', 'cold');
  const thorough = await verify(full, '--full', '--dry-run', '--store', 'cold');
  const cost = ({ details }: ProcedureResult) => details?.['verification'] as { requests: number; bytes: number };
  expect(cost(quick).bytes).toBeGreaterThanOrEqual(head(full).storedBytes);
  expect(cost(thorough).requests).toBeGreaterThan(cost(quick).requests);
  expect(head(full)).toEqual(before);
});

test.each(['--quick', '--full'] as const)(
  '%s: a whole chain passes, each copy with a proof of its own',
  async (level) => {
    const name = level.slice(2) as Proof['level'];
    const before = head(full);
    const both = (await verify(incremental, level, '--store', 'cold')) as ProcedureResult;
    expect(both).toMatchObject({ status: 'completed', warnings: [], details: { outcome: 'passed' } });
    expect(proofOf(incremental, name)).toMatchObject({ outcome: 'passed' });
    expect(proofOf(incremental, name)?.alone).toBeUndefined();
    expect(head(full)).toEqual(before);
  },
);

test.each(['--quick', '--full'])('%s: a flipped byte is named by object and file, in the bucket too', async (level) => {
  for (const [store, file] of [
    ['cold', pack(inDir('backups', full, 'packs'))],
    ['hot', pack(inBucket('backups', full, 'packs'))],
  ] as const) {
    const found = await whileDamaged(file, flip, () => verify(full, level, '--store', store));
    expect(found).toMatchObject({ status: 'failed', exit: 1, error: { code: 'checksum_mismatch' } });
    expect(found.error?.where).toContain(path.basename(file));
    expect(found.error?.message).toMatch(/it holds ".+"/);
  }
  const proof = proofOf(full, level.slice(2) as Proof['level']);
  expect(proof).toMatchObject({ outcome: 'failed', findings: [expect.stringContaining('checksum_mismatch')] });
  // What stands in the clear names no file.
  expect(JSON.stringify(proof)).not.toContain('base/');
  expect((await verify(full, level, '--store', 'cold')).status).toBe('completed');
});

test('--full of a chain opens what it takes from older backups: damage elsewhere in them is theirs alone', async () => {
  const shared = pack(inDir('backups', full, 'packs'));
  const check = async (backup: string) => await verify(backup, '--full', '--store', 'cold');
  const inherited = await whileDamaged(
    shared,
    (file) => flip(file, 0.25),
    () => check(incremental),
  );
  expect(inherited).toMatchObject({ status: 'failed', exit: 1, error: { code: 'checksum_mismatch' } });
  expect(inherited.error?.message).toMatch(/where ".*kept" lies/);
  expect(inherited.error?.message).toContain(`${incremental} builds upon it`);
  expect(inherited.error?.where).toContain(`backups/${full}/packs/${path.basename(shared)}`);
  const beside = await whileDamaged(
    shared,
    (file) => flip(file, 0.75),
    async () => ({ child: await check(incremental), parent: await verify(full, '--store', 'cold') }),
  );
  expect(beside.child).toMatchObject({ status: 'completed', exit: 0, details: { outcome: 'warning' } });
  expect(beside.child.warnings.join()).toContain(`verify ${full}`);
  expect(beside.parent).toMatchObject({ status: 'failed', exit: 1, error: { code: 'checksum_mismatch' } });
});

test('an object that is missing, and a damaged member of the chain', async () => {
  const gone = inDir('backups', full, 'packs', path.basename(pack(inDir('backups', full, 'packs'))));
  const missing = await whileDamaged(
    gone,
    (file) => rmSync(file),
    () => verify(incremental, '--store', 'cold'),
  );
  expect(missing).toMatchObject({ status: 'failed', error: { code: 'object_not_found' } });
  expect(missing.error?.where).toContain(full);
});

test('--repair puts right from the other copy what is damaged or missing, and says so', async () => {
  const file = pack(inDir('backups', full, 'packs'));
  const before = readFileSync(file);
  flip(file);
  const altered = await verify(full, '--store', 'cold', '--repair');
  expect(altered).toMatchObject({ status: 'completed', exit: 0 });
  expect(altered.warnings.join()).toMatch(/repaired from hot/);
  rmSync(file);
  const mended = await verify(incremental, '--full', '--store', 'cold', '--repair');
  expect(mended.error).toBeUndefined();
  expect(mended).toMatchObject({ status: 'completed', exit: 0, details: { outcome: 'warning' } });
  expect(mended.warnings.join()).toContain('put right from another copy: object_not_found');
  expect(readFileSync(file).equals(before)).toBe(true);
});

test('the manifest of another backup in its place', async () => {
  const other = inDir('backups', incremental, 'sealed');
  const swapped = await whileDamaged(
    inDir('backups', full, 'sealed'),
    (file) => copyFileSync(other, file),
    () => verify(full, '--store', 'cold'),
  );
  expect(swapped).toMatchObject({ status: 'failed', error: { code: 'checksum_mismatch' } });
});

test('a test restore is judged by PostgreSQL itself, and leaves nothing', async () => {
  const proven = await verify(incremental, '--test-restore', '--store', 'cold');
  expect(proven.error).toBeUndefined();
  expect(proven).toMatchObject({ status: 'completed', exit: 0 });
  const evidence = String(proven.details?.['evidence']);
  expect(evidence).toMatch(/pg_verifybackup: backup successfully verified/);
  expect(evidence).toMatch(/pg_amcheck: no damage/);
  expect(head(incremental)).toMatchObject({ provenAt: expect.any(String) });
  expect(readdirSync(scratch)).toEqual([]);
});

test('status says what is proved, and is red while a copy is known to be wrong', async () => {
  const status = async () =>
    JSON.parse((await system.cli('status', '--json')).stdout) as { proofs: unknown[]; problems: string[] };
  expect((await status()).proofs).toContainEqual(
    expect.objectContaining({ component: 'database', state: 'failing', failing: [{ backupId: full, store: 'hot' }] }),
  );
  await verify(full, '--full', '--store', 'hot');
  const { proofs, problems } = await status();
  expect(proofs).toContainEqual(expect.objectContaining({ component: 'database', state: 'proved' }));
  expect(problems.filter((one) => one.includes('verification'))).toEqual([]);
});

test('what is asked in vain is refused before anything begins', async () => {
  expect(await verify('latest', '--store', 'colt')).toMatchObject({
    exit: 2,
    error: { code: 'usage', hints: ['did you mean "cold"?'] },
  });
  expect(await verify('latest', '--restore-path', '/x')).toMatchObject({ exit: 2, error: { code: 'usage' } });
});

test('WAL that one store lost is missed there, though the other one has it', async () => {
  const [systemIdentifier] = readdirSync(inDir('wal'));
  const wal = inDir('wal', String(systemIdentifier));
  await up.stop();
  // The commands after this have an engine of their own, and nobody ships WAL.
  const aside = path.join(system.dir, 'wal-aside');
  renameSync(wal, aside);
  try {
    const lost = await verify(full, '--store', 'cold');
    expect(lost).toMatchObject({ status: 'failed', error: { code: 'wal_gap' } });
  } finally {
    rmSync(wal, { recursive: true, force: true });
    renameSync(aside, wal);
  }
});
