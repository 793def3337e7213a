import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Bandwidth, limited } from '../../../repository/stores/bandwidth';
import { DirStore } from '../../../repository/stores/dir';

test('what was granted is paid for by whoever comes next, in order; an idle line gathers little', () => {
  const clock = { now: 0 };
  const line = new Bandwidth(1000, () => clock.now);
  expect(line.grant(100)).toBe(0); // what an idle line may send at once
  expect(line.grant(500)).toBe(0);
  expect(line.grant(200)).toBe(500);
  expect(line.grant(1)).toBe(700);
  clock.now = 10_000;
  expect(line.grant(600)).toBe(0);
  expect(line.grant(1)).toBe(500);
});

test('two stores share one limit, everything arrives, and takes as long as the limit says', async () => {
  const folders = [1, 2].map(() => mkdtempSync(path.join(tmpdir(), 'hf-bw-')));
  try {
    const line = new Bandwidth(1_000_000);
    const stores = folders.map((folder, index) => limited(new DirStore(`s${index}`, folder), line));
    const began = performance.now();
    const puts = [0, 1, 2, 3].flatMap((n) => stores.map((store) => store.put(`k/${n}`, Buffer.alloc(100_000, n))));
    await Promise.all(puts);
    // Eight bodies: the first at once and with what an idle line may send, the other six behind each other.
    expect(performance.now() - began).toBeGreaterThan(550);
    for (const store of stores) expect((await store.get('k/3')).equals(Buffer.alloc(100_000, 3))).toBe(true);
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true });
  }
});
