import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { dropOldFiles } from '../../../client/engine/old-files';

const day = 24 * 3600_000;
const now = Date.now();
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'holdfast-old-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function put(name: string, days: number): void {
  writeFileSync(path.join(dir, name), '');
  const at = new Date(now - days * day);
  utimesSync(path.join(dir, name), at, at);
}

test('logs and drafts older than thirty days go, and nothing else', () => {
  for (const name of ['server.log', 'draft.tmp', '.server.json.4711']) put(name, 31);
  for (const name of ['young.log', 'young.tmp', '.young.json.4711']) put(name, 29);
  for (const name of ['server.json', 'temporal.db', 'log', 'notes.txt', '.lock']) put(name, 900);
  mkdirSync(path.join(dir, 'folder.log'));
  utimesSync(path.join(dir, 'folder.log'), new Date(0), new Date(0));
  const before = readdirSync(dir);
  const old = ['.server.json.4711', 'draft.tmp', 'server.log'];
  expect(dropOldFiles(dir, { now, dryRun: true }).sort()).toEqual(old);
  expect(readdirSync(dir)).toEqual(before);
  expect(dropOldFiles(dir, { now, dryRun: false }).sort()).toEqual(old);
  expect(readdirSync(dir)).toEqual(before.filter((name) => !old.includes(name)));
  expect(dropOldFiles(dir, { now, dryRun: false })).toEqual([]);
});

test('a host without a state directory has none', () => {
  expect(dropOldFiles(path.join(dir, 'none'), { now, dryRun: false })).toEqual([]);
});
