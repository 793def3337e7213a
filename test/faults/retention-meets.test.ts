/** Retention at the very moment of other work: what is in use stays and is told, what is going is refused, and afterwards goes what the plan says, and nothing else. */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ProcedureResult } from '../../domain/progress';
import { placeFor, proveCopy, sumsCovered } from '../real/whole-chain';
import { tableSums } from '../support/proof';
import type { Gate } from './gates';
import { Meeting } from './meeting';
import { emit, points } from './protected';

/** `HOLDFAST_TEST_MOMENTS=all`: also the other order, several at once, and a killed reader. */
const more = (...one: Parameters<typeof test>): void => {
  if (process.env['HOLDFAST_TEST_MOMENTS'] === 'all') test(...one);
};

let meeting: Meeting;
let sums: Record<string, string>;

beforeAll(async () => {
  meeting = await Meeting.create();
  await meeting.system.cluster.psql(
    'create table t (id int primary key); insert into t select generate_series(1, 100)',
  );
}, 480_000);
afterAll(() => meeting?.destroy());

const edit = (text: string) => writeFileSync(path.join(meeting.system.filesDir, 'app.conf'), text);
const insert = (from: number) =>
  meeting.system.cluster.psql(`insert into t select generate_series(${from}, ${from + 99})`);
const clock = () =>
  meeting.system.cluster.psql(`select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`);

interface Held {
  work: Promise<ProcedureResult>;
  gate: Gate;
}

/** Begins, and waits until it stands before the gate. */
async function held(form: RegExp, ...args: string[]): Promise<Held> {
  const gate = meeting.gates.close(form);
  const work = meeting.system.procedure(...args);
  await Promise.race([gate.reached(), work.then((end) => Promise.reject(new Error(JSON.stringify(end))))]);
  return { work, gate };
}

async function letGo({ work, gate }: Held): Promise<ProcedureResult> {
  gate.open();
  return await work;
}

const config = ['--component', 'config'];
const made = { restored: '', at: '', drilled: '', last: '', verified: '', copied: '', parent: '' };
const at = { time: '', sums: {} as Record<string, string>, segment: '' };
const works: Record<string, Held> = {};
let drilledTo: Held;

test('whatever is in use stays, objects and WAL, and who uses it is told', async () => {
  const { system } = meeting;
  const databases = async () => {
    const only = ['--component', 'database'];
    made.restored = await meeting.backup(...only);
    made.at = await meeting.backup(...only);
    await insert(1001);
    Object.assign(at, { sums: await tableSums(system.cluster), time: await clock() });
    at.segment = await system.cluster.psql('select pg_walfile_name(pg_current_wal_lsn())');
    await insert(2001);
    await emit(system, 2);
    made.drilled = await meeting.backup(...only);
    made.last = await meeting.backup(...only);
  };
  const files = async () => {
    for (const name of ['verified', 'copied', 'parent'] as const) made[name] = await meeting.backupElsewhere();
  };
  await Promise.all([databases(), files()]);
  sums = await sumsCovered(system);

  const packs = (id: string) => new RegExp(`^hot get backups/${id}/packs/`);
  const to = (name: string) => ['--to', placeFor(system, name).to];
  edit('answer = 43\n');
  const drill = ['recovery-test', 'run', 'point_in_time_recovery', '--backup', made.drilled];
  const begun = await Promise.all([
    held(packs(made.restored), 'restore', made.restored, ...to('restored')),
    held(packs(made.drilled), ...drill),
    held(packs(made.verified), 'verify', made.verified, '--full'),
    held(new RegExp(`^far put backups/${made.copied}/(?!packs)`), 'replicate', made.copied, '--regions', 'far'),
    held(
      /^hot put backups\/[^/]*_incremental_[^/]*\/packs/,
      'backup',
      '--tier',
      'short',
      '--type',
      'incremental',
      ...config,
    ),
  ]);
  for (const [number, name] of ['restored', 'drilled', 'verified', 'copied', 'parent'].entries())
    works[name] = begun[number] as Held;
  // It alone needs WAL of between two backups: the others have theirs by now.
  const wal = new RegExp(`^hot get wal/.*/segments/${at.segment}`);
  drilledTo = await held(wal, 'restore', made.at, '--at', at.time, ...to('at'));
  await meeting.backupElsewhere();

  const [objects, segments] = [await meeting.objectsOf(), await meeting.segments()];
  const told = await meeting.report();
  for (const [name, by] of Object.entries({
    ...{ restored: 'restore', at: 'restore', drilled: 'recovery-test' },
    ...{ verified: 'verify', copied: 'replicate', parent: 'backup' },
  }))
    expect(told[made[name as keyof typeof made]]).toMatchObject({
      action: 'keep',
      why: expect.stringContaining(`in use by ${by}/sys/`),
    });
  for (const { retained, warnings } of await meeting.applyTwice()) {
    expect(retained).toMatchObject([{ store: 'hot', expired: 0, removed: 0 }, { store: 'far' }]);
    expect(warnings).toContainEqual(expect.stringMatching(/^WAL of database stays in hot: it is in use by /));
  }
  expect(await meeting.objectsOf()).toEqual(expect.arrayContaining(objects));
  expect(await meeting.segments()).toEqual(expect.arrayContaining(segments));
}, 480_000);

test('each of them comes to its right end', async () => {
  const { system } = meeting;
  for (const [name, work] of Object.entries(works))
    expect([name, (await letGo(work)).error]).toEqual([name, undefined]);
  await proveCopy(system, placeFor(system, 'restored').database, sums);
  expect((await meeting.done('verify', made.copied, '--full', '--store', 'far')).error).toBeUndefined();
  const { backupId = '' } = (await works['parent']?.work) ?? {};
  expect((await meeting.head(backupId)).chain).toEqual([made.parent]);
}, 480_000);

test('what nobody uses any more goes, and nothing of what the one needs who is left: his backup, and WAL that lies beyond the window', async () => {
  const needed = await meeting.objectsOf(made.at, made.last);
  const begin = at.segment;
  const segments = (await meeting.segments()).filter((name) => name >= begin);
  const [, second] = await meeting.applyTwice();
  expect(second.warnings).toContainEqual(
    expect.stringMatching(/^WAL of database stays in hot: it is in use by restore/),
  );
  expect(await meeting.objectsOf(made.at, made.last)).toEqual(needed);
  expect(await meeting.segments()).toEqual(expect.arrayContaining(segments));
  expect(await meeting.objectsOf(made.restored, made.drilled, made.verified, made.copied)).toEqual([]);
  expect((await letGo(drilledTo)).error).toBeUndefined();
  await proveCopy(meeting.system, placeFor(meeting.system, 'at').database, at.sums);
}, 480_000);

test('with nobody there exactly that goes which the plan says, and another apply changes nothing', async () => {
  const staying = Object.values(await meeting.report()).filter(({ action }) => action === 'keep');
  const ids = staying.map(({ backupId }) => backupId).sort();
  const objects = await meeting.objectsOf(...ids);
  await meeting.applyTwice();
  expect((await meeting.heads()).map(({ id, status }) => `${id} ${status}`).sort()).toEqual(
    ids.map((id) => `${id} completed`),
  );
  expect(await meeting.objectsOf()).toEqual(objects);
  expect(ids).toContain(made.last);
  expect(ids).not.toContain(made.at);
  const { startLsn = '' } = (await meeting.head(made.last)).databases?.['database'] ?? {};
  const first = await meeting.system.cluster.psql(`select pg_walfile_name('${startLsn}')`);
  expect((await meeting.segments())[0]).toBe(first);
  expect((await points(meeting.system)).gaps).toEqual([]);

  const before = await meeting.keys('backups/');
  const again = await meeting.done('retention', 'apply');
  expect(again.retained).toMatchObject([
    { expired: 0, removed: 0 },
    { expired: 0, removed: 0 },
  ]);
  expect(await meeting.keys('backups/')).toEqual(before);
  expect([await meeting.keys('removals/'), await meeting.keys('leases/')]).toEqual([[], []]);
}, 480_000);

more(
  'what is going when somebody has just chosen it is refused him, and a backup builds upon another',
  async () => {
    const { system } = meeting;
    const [restored, copied, parent] = [
      await meeting.backup(...config),
      await meeting.backup(...config),
      await meeting.backup(...config),
    ];
    edit('answer = 44\n');
    const lease = (id: string) => new RegExp(`^hot put leases/${id}/`);
    const { to } = placeFor(system, 'refused');
    const begun = await Promise.all([
      held(lease(restored), 'restore', restored, '--to', to),
      held(lease(copied), 'replicate', copied, '--regions', 'far'),
      held(lease(parent), 'backup', '--tier', 'short', '--type', 'incremental', ...config),
    ]);
    await meeting.backupElsewhere();
    await meeting.done('retention', 'apply');
    await meeting.cooled();
    // All three are announced before the first of them goes.
    const removing = meeting.gates.close(
      new RegExp(`^any deleteUnlocked backups/(${restored}|${copied}|${parent})/sealed`),
    );
    const sweep = meeting.done('retention', 'apply');
    await removing.reached();
    const [restore, replicate, backup] = await Promise.all(begun.map(letGo));
    removing.open();
    expect((await sweep).retained?.[0]?.removed).toBeGreaterThanOrEqual(3);

    expect(restore).toMatchObject({ status: 'failed', error: { code: 'backup_unusable' } });
    expect(existsSync(to)).toBe(false);
    expect(replicate).toMatchObject({ status: 'failed', error: { code: 'backup_unusable' } });
    expect(await meeting.keys(`backups/${copied}/packs/`, 'far')).toEqual([]);
    expect(backup?.error).toBeUndefined();
    const { chain = [] } = await meeting.head(backup?.backupId ?? '');
    expect(chain).not.toContain(parent);
    expect((await meeting.done('verify', backup?.backupId ?? '', '--full')).error).toBeUndefined();
    expect(await meeting.objectsOf(restored, copied, parent)).toEqual([]);
    expect([await meeting.keys('removals/'), await meeting.keys('leases/')]).toEqual([[], []]);
  },
  480_000,
);

more(
  'what is pinned when it is just about to go stays, and the WAL that makes it consistent',
  async () => {
    const { system } = meeting;
    const only = ['--component', 'database'];
    const pinned = await meeting.backup(...only);
    await emit(system, 2);
    await meeting.backup(...only);
    await meeting.done('retention', 'apply');
    await meeting.cooled();
    const announced = meeting.gates.close(new RegExp(`^hot put removals/${pinned}/`));
    const sweep = meeting.done('retention', 'apply');
    await announced.reached();
    expect((await system.cli('pin', pinned)).code).toBe(0);
    announced.open();
    await sweep;
    expect((await meeting.head(pinned)).status).toBe('completed');
    expect((await meeting.done('verify', pinned, '--full', '--store', 'hot')).error).toBeUndefined();
    expect((await system.cli('unpin', pinned)).code).toBe(0);
    await meeting.applyTwice();
    expect(await meeting.objectsOf(pinned)).toEqual([]);
  },
  480_000,
);

more(
  'two at once, of two sites and of two engines for one, let go what one would have, and nothing else',
  async () => {
    for (let count = 0; count < 2; count++) await meeting.backup(...config);
    const theirs = [await meeting.backupElsewhere('dc02'), await meeting.backupElsewhere('dc02')];
    const kept = Object.values(await meeting.report()).filter(({ action }) => action === 'keep');
    const everywhere = async () => {
      const ends = await Promise.all([
        meeting.system.procedure('retention', 'apply'),
        meeting.procedureElsewhere('retention', 'apply', '--site', 'dc01'),
        meeting.doneElsewhere('retention', 'apply', '--site', 'dc02'),
      ]);
      // Of two for one site the later plan counts: the other one says so, or was quicker.
      for (const { status, error } of ends) if (status !== 'completed') expect(error?.code).toBe('object_not_found');
    };
    await everywhere();
    await meeting.cooled();
    await everywhere();
    await meeting.applyTwice();
    const left = await meeting.heads();
    const of = (site: string) => left.filter((head) => head.site === site).map(({ id, status }) => `${id} ${status}`);
    expect(of('dc01').sort()).toEqual(kept.map(({ backupId }) => `${backupId} completed`).sort());
    expect(of('dc02')).toEqual([`${theirs.at(-1)} completed`]);
    for (const { id } of left) expect((await meeting.objectsOf(id)).length).toBeGreaterThan(3);
    expect(await meeting.keys('removals/')).toEqual([]);
  },
  480_000,
);

more(
  'the worker that reads a backup is killed: retention gives way all the same, until its restore is over',
  async () => {
    const { system } = meeting;
    const reading = await meeting.backup();
    const gate = meeting.gates.close(new RegExp(`^hot get backups/${reading}/packs/`));
    const { to, database } = placeFor(system, 'killed');
    expect((await system.cli('restore', reading, '--to', to, '--detach')).code).toBe(0);
    await gate.reached();
    await meeting.backup();
    const objects = await meeting.objectsOf(reading);
    await meeting.kill9();
    gate.open();
    await meeting.applyTwice(() => meeting.doneElsewhere('retention', 'apply', '--site', 'dc01'));
    expect(await meeting.objectsOf(reading)).toEqual(objects);
    expect((await meeting.report())[reading]).toMatchObject({ why: expect.stringContaining('in use by restore/sys/') });
    const proof = await tableSums(system.cluster);
    await meeting.start();
    await system.until(async () => ((await meeting.keys('leases/')).length === 0 ? true : undefined), 90_000);
    await proveCopy(system, database, proof);
    await meeting.applyTwice();
    expect(await meeting.objectsOf(reading)).toEqual([]);
  },
  480_000,
);
