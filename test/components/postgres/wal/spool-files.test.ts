import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SpoolFiles } from '../../../../components/postgres/wal/spool-files';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'hf-spool-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const name = '000000010000000000000001';
const bytes = Buffer.alloc(1 << 20, 'wal ');
const journal = () => path.join(dir, '.spooled');

/** The machine went down since the files were written. */
function restartMachine(): void {
  writeFileSync(journal(), readFileSync(journal(), 'utf8').replaceAll(/"boot":"[^"]+"/g, '"boot":"the one before"'));
}

test('after a restart of the machine a file is believed only when it is what was written', async () => {
  await (await SpoolFiles.open(dir)).write(name, bytes, 7);
  expect(await (await SpoolFiles.open(dir)).holds(name, 7)).toBe(true);
  restartMachine();
  expect(await (await SpoolFiles.open(dir)).holds(name, 7)).toBe(true);
  // As a power cut leaves it: the length is there, the bytes are not.
  writeFileSync(path.join(dir, name), Buffer.alloc(bytes.length));
  expect(await (await SpoolFiles.open(dir)).holds(name, 7)).toBe(false);
});

test('a file made of less, or without its line in the journal, is fetched again', async () => {
  await (await SpoolFiles.open(dir)).write(name, bytes, 7);
  const files = await SpoolFiles.open(dir);
  expect(await files.holds(name, 8)).toBe(false);
  expect(await files.reuse(name, 8)).toBeUndefined();
  rmSync(journal());
  expect(await (await SpoolFiles.open(dir)).holds(name, 7)).toBe(false);
});

test('however many write a file at once, nobody ever reads half of one', async () => {
  const files = await SpoolFiles.open(dir);
  await files.write(name, bytes, 7);
  let over = false;
  const writers = Promise.all(
    [1, 2, 3, 4].map(async () => {
      for (let count = 0; count < 10; count++) await (await SpoolFiles.open(dir)).write(name, bytes, 7);
    }),
  ).finally(() => {
    over = true;
  });
  for (let looks = 0; !over || looks === 0; looks++) {
    expect(readFileSync(path.join(dir, name)).equals(bytes)).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await writers;
  expect(readdirSync(dir).sort()).toEqual(['.spooled', name]);
});

test('what a killed process left half-written goes; what a living one writes stays', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  const [dead, living] = [`.${name}.${child.pid}-00ff.tmp`, `.${name}.${process.pid}-00ff.tmp`];
  for (const one of [dead, living]) writeFileSync(path.join(dir, one), 'half');
  await (await SpoolFiles.open(dir)).sweep();
  expect(readdirSync(dir)).toEqual([living]);
});
