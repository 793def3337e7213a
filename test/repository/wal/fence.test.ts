import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DirStore } from '../../../repository/stores/dir';
import { WalArchive } from '../../../repository/wal/archive';
import { leaseMs, type Writer } from '../../../repository/wal/claims';
import { lookMs } from '../../../repository/wal/fence';
import { testObjects } from './test-objects';

const size = 64 * 1024;
const marker = { systemIdentifier: '7000000000000000001', major: 15, segmentSize: size };
const owner = { system: 'shop', site: 'dc01', component: 'database' };
const whole = Buffer.alloc(size, 1);
const fenced = { code: 'fenced' };

let dir: string;
let store: DirStore;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'hf-fence-'));
  store = new DirStore('hot', dir);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function begin(writer: Writer, component = owner.component): Promise<WalArchive> {
  return WalArchive.begin(testObjects(store), store, marker, { ...owner, component }, writer);
}

/** As if nothing had been heard of any writer for so long, by the store's clock. */
function age(ms: number): void {
  const writers = path.join(dir, 'wal', marker.systemIdentifier, 'writers');
  const at = new Date(Date.now() - ms);
  for (const name of readdirSync(writers, { recursive: true })) utimesSync(path.join(writers, String(name)), at, at);
}

test('an older writer replaces and deletes nothing from the moment a newer one has begun', async () => {
  const old = await begin({ line: 'a', turn: 1 });
  await old.putPart(1, 0n, Buffer.alloc(10, 1));
  await begin({ line: 'a', turn: 2 });
  const coverage = { lsn: 10n, serverTime: 5n };
  await expect(old.writeCoverage(1, coverage)).rejects.toMatchObject(fenced);
  await expect(old.completeSegment(1, 0n, whole)).rejects.toMatchObject(fenced);
  await expect(old.quarantineFrom(1, 0n, 'a zombie says so')).rejects.toMatchObject(fenced);
  const pieces = await old.pieces(1);
  expect(pieces.map(({ from, to }) => [from, to])).toEqual([[0, 10]]);
});

test('an older writer stores no part later than one look after its successor began', async () => {
  const old = await begin({ line: 'a', turn: 1 });
  await old.putPart(1, 0n, Buffer.alloc(10, 1));
  const next = await begin({ line: 'a', turn: 2 });
  await sleep(lookMs + 50);
  await expect(old.putPart(1, 10n, Buffer.alloc(10, 2))).rejects.toMatchObject(fenced);
  await next.putPart(1, 10n, Buffer.alloc(10, 3));
  expect((await next.fetchSegment(1, 0n))?.bytes[10]).toBe(3);
});

test('a stranger waits until the other is done for, by the store’s clock', async () => {
  await begin({ line: 'a', turn: 1 });
  await expect(begin({ line: 'b', turn: 2 })).rejects.toMatchObject({
    code: 'fenced',
    hints: [expect.stringMatching('one shipper'), expect.stringMatching('takes over by itself')],
  });
  age(leaseMs + 1000);
  await begin({ line: 'b', turn: 2 });
});

test('a writer that lives is not driven out', async () => {
  const one = await begin({ line: 'a', turn: 1 });
  age(leaseMs + 1000);
  await sleep(5100);
  await one.writeCoverage(1, { lsn: 1n, serverTime: 1n });
  await expect(begin({ line: 'b', turn: 1 })).rejects.toMatchObject(fenced);
}, 15_000);

test('an orderly end lets a stranger in at once', async () => {
  const one = await begin({ line: 'a', turn: 1 });
  await one.endWriting();
  await begin({ line: 'b', turn: 1 });
  await expect(one.assertWriter()).rejects.toMatchObject(fenced);
});

test('a run older than the one that wrote last does not take over, however it slept', async () => {
  await begin({ line: 'a', turn: 2 });
  await expect(begin({ line: 'a', turn: 1 })).rejects.toMatchObject(fenced);
});

test('of many that begin at once one is left', async () => {
  const strangers = Array.from({ length: 8 }, (_, index) => begin({ line: `line ${index}`, turn: 1 }));
  const begun = (await Promise.allSettled(strangers)).filter(({ status }) => status === 'fulfilled');
  expect(begun).toHaveLength(1);
});

test('old claims are dropped, and whose claim was dropped is out', async () => {
  const first = await begin({ line: 'a', turn: 1 });
  for (let turn = 2; turn < 40; turn++) await begin({ line: 'a', turn });
  const [component = ''] = readdirSync(path.join(dir, 'wal', marker.systemIdentifier, 'writers'));
  const claims = readdirSync(path.join(dir, 'wal', marker.systemIdentifier, 'writers', component));
  expect(claims.length).toBeLessThan(25);
  await expect(first.assertWriter()).rejects.toMatchObject(fenced);
});

test('components of one system do not fence each other: a primary and its standby', async () => {
  const one = await begin({ line: 'a', turn: 1 });
  await begin({ line: 'b', turn: 1 }, 'standby');
  await one.assertWriter();
});
