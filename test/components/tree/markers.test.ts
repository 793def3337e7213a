import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { enterAttempt, livingAttempts, waitForOthers } from '../../../components/tree/markers';
import { temporaryFolder } from './sample';

let folder: string;
beforeEach(() => {
  folder = path.join(temporaryFolder(), 'markers');
});
afterEach(() => {
  fs.rmSync(path.dirname(folder), { recursive: true, force: true });
});

const script = `
  const { enterAttempt } = require(${JSON.stringify(path.join(__dirname, '../../../components/tree/markers.js'))});
  enterAttempt(process.argv[1]);
  console.log('entered');
  setInterval(() => {}, 1000);
`;

async function otherProcess() {
  const child = spawn(process.execPath, ['-e', script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

test('nobody is waited for where nobody is', async () => {
  await expect(waitForOthers(folder)).resolves.toBeUndefined();
});

test('another attempt of this very process is waited for, until it leaves', async () => {
  const own = enterAttempt(folder);
  const other = enterAttempt(folder);
  const waited: string[][] = [];
  const waiting = (alive: string[]): void => {
    waited.push(alive);
    other.leave();
  };
  await waitForOthers(folder, { except: [own.name], waiting });
  expect(waited).toEqual([[other.name]]);
  own.leave();
  own.leave();
  expect(fs.readdirSync(folder)).toEqual([]);
});

test('one that does not end is reported, by its process', async () => {
  const child = await otherProcess();
  try {
    await expect(waitForOthers(folder, { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'placing_still_alive',
      retryable: true,
      message: expect.stringContaining(String(child.pid)),
    });
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

test('a killed process is not waited for, and its marker is cleared away', async () => {
  const child = await otherProcess();
  expect(livingAttempts(folder)).toHaveLength(1);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await waitForOthers(folder, { timeoutMs: 5000 });
  expect(fs.readdirSync(folder)).toEqual([]);
});

test('waiting ends with its signal', async () => {
  const other = enterAttempt(folder);
  const waiting = waitForOthers(folder, { signal: AbortSignal.timeout(50) });
  await expect(waiting).rejects.toMatchObject({ code: 'ABORT_ERR' });
  other.leave();
});
