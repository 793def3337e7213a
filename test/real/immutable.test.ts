/** Immutable backups on a real server with object lock: nobody removes them before their end, and what was hidden comes back. */
import { randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteObjectCommand, ListObjectVersionsCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { BackupHead, Receipt } from '../../domain/backup';
import type { ProcedureResult } from '../../domain/progress';
import { openStore } from '../../repository/stores/open';
import type { S3Store } from '../../repository/stores/s3';
import { clientOf, type S3Server } from '../support/s3-server';
import { endOf, TestSystem, type Up } from '../support/system';
import { keysIn, lockEnds, walLockEnds } from './lock-ends';

type Finding = Record<'area' | 'code' | 'level' | 'what', string>;

let system: TestSystem;
let up: Up;
let server: S3Server;
let admin: S3Client;
let store: S3Store;

beforeAll(async () => {
  system = await TestSystem.create({
    store: 's3',
    lock: true,
    files: (folder) => writeFileSync(path.join(folder, 'large'), randomBytes(24e6).toString('base64')),
    configure: (config) => {
      const immutable = { mode: 'compliance', for: '2h', provisional: '1h' };
      const { hot } = config['stores'] as Record<string, object>;
      config['stores'] = { hot, vault: { ...hot, prefix: 'vault', role: 'vault' } };
      config['tiers'] = {
        monthly: { components: ['database'], to: ['hot'], copies: { to: ['vault'] }, immutable },
        whole: { to: ['hot'], immutable },
        // No rule keeps it: it goes when its lock ends, and not before.
        brief: { components: ['database'], to: ['hot'], immutable: { for: '75s' }, keep: { size: '1B' } },
        // No rule keeps it either, and no lock.
        loose: { components: ['database'], to: ['hot'], keep: { size: '1B' } },
      };
      config['retention'] = { coolOff: '2s', archive: 'STANDARD_IA' };
    },
  });
  server = system.s3 as S3Server;
  const { endpoint, accessKeyId, secretAccessKey, bucket } = server;
  admin = clientOf(server);
  store = openStore('hot', { kind: 's3', endpoint, bucket, accessKeyId, secretAccessKey }) as S3Store;
  up = await system.up();
});

afterAll(async () => {
  await store?.close();
  admin?.destroy();
  await up?.stop();
  await system?.destroy();
});

/** Less than a page of them. */
async function versionsBelow(prefix: string) {
  const { Versions, DeleteMarkers } = await admin.send(
    new ListObjectVersionsCommand({ Bucket: server.bucket, Prefix: prefix }),
  );
  return [...(Versions ?? []), ...(DeleteMarkers ?? [])];
}

async function headOf(id: string): Promise<BackupHead> {
  return JSON.parse((await store.get(`catalog/heads/${id}.json`)).toString()) as BackupHead;
}

const keysBelow = (prefix: string) => keysIn(store, prefix);
const locksBelow = (prefix: string) => lockEnds(store, prefix);
const walLocks = async (id: string, prefix = '') => await walLockEnds(store, await headOf(id), prefix);

async function waitUntil(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(500);
}

const backup = async (...args: string[]) => {
  const result = await system.procedure('backup', ...args);
  expect(result.error).toBeUndefined();
  return result.backupId as string;
};

/** Starts a procedure and waits until it is in this step, or at its end. */
async function inStep(step: RegExp, ...args: string[]) {
  const child = system.spawn([...args, '--json', '--yes']);
  const end = endOf(child);
  let said = '';
  await new Promise<void>((resolve) => {
    child.stderr?.on('data', (data: Buffer) => {
      said += String(data);
      if (step.test(said)) resolve();
    });
    void end.then(() => resolve());
  });
  return { end };
}

let loose: string;
let brief: string;
let full: string;
let incremental: string;

test('every object of an immutable backup is locked until one time, and so is its WAL', async () => {
  loose = await backup('--tier', 'loose');
  brief = await backup('--tier', 'brief');
  full = await backup('--tier', 'monthly');
  const { lock } = await headOf(full);
  expect(lock?.mode).toBe('compliance');
  expect(await locksBelow(`backups/${full}/`)).toEqual([lock?.until]);
  const ends = await locksBelow('wal/');
  expect(ends).toContain(lock?.until);
  const segments = (await keysBelow('wal/')).filter((key) => key.includes('/segments/'));
  const locked = await Promise.all(segments.map((key) => store.locks.lockOf(key)));
  expect(locked.some((one) => one?.until.toISOString() === lock?.until)).toBe(true);
  // Without these nobody reads a byte of it.
  expect((await store.locks.lockOf('repository.json'))?.until.toISOString()).toBe(lock?.until);
});

test('what only its lock or a hold keeps is archived, and told by retention, with the time at which it goes by itself', async () => {
  expect((await system.cli('pin', loose, '--hold', '--reason', 'a lawsuit')).code).toBe(0);
  const { lock } = await headOf(brief);
  expect(lock?.until).toBeDefined();
  const until = lock?.until ?? '';
  const locked = 'expired, but locked by the store until [-0-9: ]+, and goes then by itself: archived in STANDARD';
  const said = new RegExp(`${brief} +hot +keep +${locked}(\\n|$)`);
  const held = new RegExp(
    `${loose} +hot +keep +expired, but on legal hold by .*: archived in STANDARD, and belongs into STANDARD_IA`,
  );
  expect((await system.cli('retention', 'report')).stdout).toMatch(said);
  expect((await system.cli('retention', 'report')).stdout).toMatch(held);
  expect((await system.cli('retention', 'apply', '--dry-run')).stdout).toMatch(said);
  const applied = await system.procedure('retention', 'apply');
  expect(applied).toMatchObject({ status: 'completed', warnings: [] });
  expect(applied.retained?.find(({ store }) => store === 'hot')).toMatchObject({
    ...{ expired: 0, archived: 2, inArchive: 2, locked: { count: 1, until } },
  });
  expect((await headOf(brief)).status).toBe('completed');
  const receipt = JSON.parse((await store.get(applied.receipt ?? '')).toString()) as Receipt;
  expect(receipt.holdfast.retained).toEqual(applied.retained);
  const again = await system.procedure('retention', 'apply');
  expect(again.retained?.find(({ store }) => store === 'hot')).toMatchObject({ archived: 0, inArchive: 2 });
});

test('what is archived lies in the coldest class at once, and in no other besides; what is locked is not stored twice for that', async () => {
  const versions = async (id: string) => (await versionsBelow(`backups/${id}/packs/`)).length;
  const before = [await versions(loose), await versions(brief)];
  expect(before[0]).toBeGreaterThan(0);
  expect(await system.procedure('move')).toMatchObject({ status: 'completed', warnings: [] });
  expect([await versions(loose), await versions(brief)]).toEqual(before);
  const classOf = async (id: string) => (await headOf(id)).storageClass;
  expect([await classOf(loose), await classOf(brief), await classOf(full)]).toEqual([
    'STANDARD_IA',
    undefined,
    undefined,
  ]);
  expect((await system.cli('retention', 'report')).stdout).toMatch(
    new RegExp(`${loose} +hot +keep +expired, but on legal hold by .*: archived in STANDARD_IA(\\n|$)`),
  );
  const list = (await system.cli('list')).stdout.split('\n');
  expect(list.find((line) => line.startsWith(loose))).toMatch(/ archived .*archived in STANDARD_IA.* on legal hold/);
  expect(list.find((line) => line.startsWith(full))).toMatch(/ completed /);
  const restored = await system.procedure('restore', loose, '--to', path.join(system.dir, 'held'), '--place-only');
  expect(restored.error).toBeUndefined();
});

test('what builds upon it makes its lock last as long, also when the worker dies while it locks', async () => {
  const before = await headOf(full);
  const { end } = await inStep(/lock in hot/, 'backup', '--tier', 'monthly', '--type', 'incremental');
  await up.kill9();
  up = await system.up();
  const result = JSON.parse((await end).stdout) as ProcedureResult;
  expect(result.status).toBe('completed');
  incremental = result.backupId as string;
  const { lock, chain } = await headOf(incremental);
  expect(chain).toEqual([full]);
  expect(Date.parse(lock?.until ?? '')).toBeGreaterThan(Date.parse(before.lock?.until ?? ''));
  expect(await locksBelow(`backups/${full}/`)).toEqual([lock?.until]);
  expect((await headOf(full)).lock).toEqual(lock);
  // Its own WAL too: by itself it can be restored as long as its head says.
  expect(await walLocks(full)).toEqual([lock?.until]);
  expect((await store.locks.lockOf('repository.json'))?.until.toISOString()).toBe(lock?.until);
});

test('a copy that is made later is locked as long, with what it builds upon', async () => {
  expect(await system.procedure('replicate', full)).toMatchObject({ status: 'completed' });
  const { endpoint, accessKeyId, secretAccessKey, bucket } = server;
  const vault = openStore('vault', { kind: 's3', endpoint, bucket, prefix: 'vault', accessKeyId, secretAccessKey });
  const head = JSON.parse((await vault.get(`catalog/heads/${full}.json`)).toString()) as BackupHead;
  await vault.close();
  expect(head.lock?.mode).toBe('compliance');
  const ends = await locksBelow(`vault/backups/${full}/`);
  expect(ends).toEqual([head.lock?.until]);
  expect(await walLocks(full, 'vault/')).toEqual([head.lock?.until]);
  // To be asked for again makes it no longer: in compliance mode nobody could take that back.
  expect(await system.procedure('replicate', full)).toMatchObject({ status: 'completed' });
  expect(await locksBelow(`vault/backups/${full}/`)).toEqual(ends);
});

test('a locked copy that somebody replaced or deleted is repaired, and what is repaired is locked as it was', async () => {
  const before = await locksBelow(`vault/backups/${full}/`);
  const [one, ...others] = await keysBelow(`vault/backups/${full}/packs/`);
  const index = await keysBelow(`vault/backups/${full}/index/`);
  await admin.send(new PutObjectCommand({ Bucket: server.bucket, Key: one, Body: 'gone' }));
  await admin.send(new DeleteObjectCommand({ Bucket: server.bucket, Key: others[0] ?? index[0] }));
  const looked = await system.procedure('verify', full, '--full', '--store', 'vault');
  expect(looked.error?.code).toBeDefined();
  const mended = await system.procedure('verify', full, '--full', '--store', 'vault', '--repair');
  expect(mended).toMatchObject({
    status: 'completed',
    warnings: expect.arrayContaining([expect.stringMatching(/repaired from hot/)]),
  });
  expect(await locksBelow(`vault/backups/${full}/`)).toEqual(before);
});

test('nobody removes it: not the tool, not its credentials, not an administrator', async () => {
  const folder = `backups/${full}/`;
  const before = await keysBelow(folder);
  const locked = before.filter((key) => !/\/(receipt\.json|owner)$/.test(key));
  await expect(store.delete(locked)).rejects.toMatchObject({
    code: 'object_locked',
    message: expect.stringMatching(/^\d+ objects are locked until /),
  });
  for (const { Key, VersionId } of await versionsBelow(`${folder}packs/`)) {
    const object = { Bucket: server.bucket, Key, VersionId, BypassGovernanceRetention: true };
    await expect(admin.send(new DeleteObjectCommand(object))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
  }
  expect(await keysBelow(folder)).toEqual(before);
});

test('what only its lock kept is gone when that has ended, though nobody asked again and the worker died meanwhile', async () => {
  await waitUntil(async () => (await store.head(`catalog/heads/${brief}.json`)) === undefined);
  expect(await versionsBelow(`backups/${brief}/`)).toEqual([]);
  expect((await headOf(full)).status).toBe('completed');
}, 180_000);

test('what somebody deleted or replaced is uncovered, and restores', async () => {
  const keys = (await keysBelow(`backups/${full}/`)).filter((key) => !/\/(receipt\.json|owner)$/.test(key));
  for (const [at, Key] of keys.entries()) {
    const object = { Bucket: server.bucket, Key };
    await admin.send(
      at % 3 === 0 ? new PutObjectCommand({ ...object, Body: 'gone' }) : new DeleteObjectCommand(object),
    );
  }
  await store.delete([`catalog/heads/${full}.json`]);
  await admin.send(new DeleteObjectCommand({ Bucket: server.bucket, Key: 'repository.json' }));
  expect((await system.procedure('verify', incremental)).error?.code).toBeDefined();
  const { findings } = JSON.parse((await system.cli('doctor', '--json')).stdout) as { findings: Finding[] };
  expect(findings.filter(({ code }) => code === 'hidden')).toContainEqual(
    expect.objectContaining({ area: 'store hot', level: 'error', what: expect.stringContaining(full) }),
  );
  const other = { format: 1, repositoryId: randomUUID(), system: system.name, created: '2026-01-01T00:00:00Z' };
  const Body = JSON.stringify({ ...other, key: { mode: 'none', key: '' } });
  await admin.send(new PutObjectCommand({ Bucket: server.bucket, Key: 'repository.json', Body }));
  const rebuilt = JSON.parse((await system.cli('catalog', 'rebuild', '--json')).stdout) as Record<string, unknown>;
  expect(rebuilt).toMatchObject({ uncovered: keys.length + 1, rebuilt: [full] });
  expect((await headOf(full)).lock?.mode).toBe('compliance');
  const restored = await system.procedure(
    'restore',
    incremental,
    '--to',
    path.join(system.dir, 'back'),
    '--place-only',
  );
  expect(restored.error).toBeUndefined();
});

test('an aborted one says what stays, and until when', async () => {
  await up.stop();
  // Slow enough to be met in the middle of storing.
  system.reconfigure((config) => Object.assign(config, { compression: { level: 19 } }));
  up = await system.up();
  const { end } = await inStep(/store packs of config/, 'backup', '--tier', 'whole');
  const workflowId = `backup/${system.name}/dc01`;
  expect((await system.cli('abort', workflowId, '--yes')).code).toBe(0);
  const { backupId = '', status, warnings } = JSON.parse((await end).stdout) as ProcedureResult;
  expect(status).toBe('aborted');
  const told = warnings.find((one) => one.includes('stay in hot, locked until')) ?? '';
  const { lock, status: marked } = await headOf(backupId);
  expect(marked).toBe('failed');
  expect(told).toContain(lock?.until);
  const left = (await keysBelow(`backups/${backupId}/`)).filter((key) => !key.endsWith('/receipt.json'));
  expect(left.length).toBeGreaterThan(0);
  expect(told.startsWith(`${left.length} objects`)).toBe(true);
  expect(left.filter((key) => /\/(plan\/|sealed|owner)/.test(key))).toEqual([]);
});

test('one that is put together from a chain is locked from its first pack on too', async () => {
  const { end } = await inStep(/put packs of database together/, 'consolidate', incremental);
  const workflowId = `consolidate/${system.name}/${incremental}`;
  expect((await system.cli('abort', workflowId, '--yes')).code).toBe(0);
  const { status, warnings } = JSON.parse((await end).stdout) as ProcedureResult;
  expect(status).toBe('aborted');
  expect(warnings).toContainEqual(
    expect.stringMatching(/^\d+ objects of the discarded backup stay in hot, locked until /),
  );
});
