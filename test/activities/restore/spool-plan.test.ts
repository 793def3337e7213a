import { mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SiteContext } from '../../../activities/context';
import { keepSpoolPlan, readSpoolPlan, spoolBudget } from '../../../activities/restore/spool-plan';
import { restoreJob } from '../../workflows/mocked-site';

const mib = 2 ** 20;
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'hf-plan-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const context = (spoolBytes?: number) => ({ config: { spoolBytes } }) as SiteContext;
const job = (request: object, bytes = 0) => ({ ...restoreJob, bytes, request: { ...restoreJob.request, ...request } });
const segments = [
  { timeline: 1, segment: 2n ** 40n, usableTo: mib, name: '000000010000000000000001', crc32c: 1 },
  { timeline: 2, segment: 2n ** 40n + 1n, usableTo: 4, name: '000000020000000000000002', crc32c: 2 },
];

test('a plan outlives its process, large numbers and all, and leaves no draft', async () => {
  await Promise.all([1, 2, 3].map(() => keepSpoolPlan(dir, segments, { budget: 8 * mib, segmentSize: mib })));
  expect(readSpoolPlan(dir)).toEqual({ room: 8, segments });
  expect(readdirSync(dir)).toEqual(['wal.json']);
});

test('however small the budget, a few segments fit; without one all do', async () => {
  await keepSpoolPlan(dir, segments, { budget: 0, segmentSize: mib });
  expect(readSpoolPlan(dir).room).toBe(4);
  await keepSpoolPlan(dir, segments, { budget: undefined, segmentSize: mib });
  expect(readSpoolPlan(dir).room).toBe(segments.length);
});

test('a restore that an earlier version began has everything in its spool', () => {
  expect(readSpoolPlan(dir)).toEqual({ room: 0, segments: [] });
});

test('what is only placed has no bound; what is configured counts; else half of what the data leaves free', async () => {
  expect(await spoolBudget(context(5), job({ placeOnly: true }), dir)).toBeUndefined();
  expect(await spoolBudget(context(5), job({}), dir)).toBe(5);
  expect(await spoolBudget(context(), job({}, Number.MAX_SAFE_INTEGER), dir)).toBe(0);
  const { bavail, bsize } = statfsSync(dir);
  const half = (await spoolBudget(context(), job({ delta: true }, Number.MAX_SAFE_INTEGER), dir)) ?? 0;
  expect(Math.abs(half - (bavail * bsize) / 2)).toBeLessThan((bavail * bsize) / 4);
});
