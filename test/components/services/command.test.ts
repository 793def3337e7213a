import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openService } from '../../../components/services/open';
import type { ServiceConfig } from '../../../domain/config/types';
import { scratch } from './scratch';

const folder = scratch();
const flag = join(folder, 'runs');
const log = join(folder, 'log');
const base = { control: 'command' as const, healthTimeout: 1000, timeout: 5000 };
const honest: ServiceConfig = {
  ...base,
  start: `echo start >> ${log}; touch ${flag}`,
  stop: `echo stop >> ${log}; rm ${flag}`,
  state: `test -e ${flag} || exit 3`,
};
const calls = () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : []);

beforeEach(() => {
  rmSync(log, { force: true });
  rmSync(flag, { force: true });
});

test('stopping twice and starting twice each do it once', async () => {
  const service = openService('app', honest);
  writeFileSync(flag, '');
  expect(await service.state()).toBe('running');
  await service.stop();
  await service.stop();
  expect(await service.state()).toBe('stopped');
  await service.start();
  await service.start();
  expect(calls()).toEqual(['stop', 'start']);
});

test('a service that is absent is not stopped, and starting it is an error', async () => {
  const service = openService('app', { ...honest, state: 'exit 4' });
  expect(await service.state()).toBe('absent');
  await service.stop();
  await expect(service.start()).rejects.toMatchObject({ code: 'service_start_failed' });
  expect(calls()).toEqual([]);
});

test('a stop command that fails is told with the end of what it printed', async () => {
  writeFileSync(flag, '');
  const service = openService('app', { ...honest, stop: 'echo the disk is gone; exit 9' });
  await expect(service.stop()).rejects.toMatchObject({
    code: 'service_stop_failed',
    message: 'cannot stop service app: its stop command ended with 9',
    hints: ['it printed: the disk is gone'],
  });
});

test('a stop command that claims to have worked is not believed', async () => {
  writeFileSync(flag, '');
  const service = openService('app', { ...honest, timeout: 400, stop: 'true' });
  await expect(service.stop()).rejects.toMatchObject({ code: 'service_stop_failed', message: /still runs/ });
});

test('a start command that hangs ends within its time', async () => {
  const service = openService('app', { ...honest, timeout: 300, start: 'sleep 60' });
  await expect(service.start()).rejects.toMatchObject({
    code: 'service_start_failed',
    message: /did not end within 0.3 s/,
  });
});

test('a state that cannot be told is neither running nor stopped', async () => {
  const service = openService('app', { ...honest, state: 'exit 127' });
  await expect(service.state()).rejects.toMatchObject({ code: 'service_stop_failed', message: /ended with 127/ });
});

test('health is waited for, and its failure told with its output', async () => {
  writeFileSync(flag, '');
  const counter = join(folder, 'counter');
  const slow = openService('app', { ...honest, health: `echo x >> ${counter}; test $(wc -l < ${counter}) -ge 2` });
  await slow.healthy();
  expect(readFileSync(counter, 'utf8')).toBe('x\nx\n');
  const sick = openService('app', { ...honest, health: 'echo no database; exit 1' });
  await expect(sick.healthy(300)).rejects.toMatchObject({
    code: 'service_start_failed',
    message: 'service app is not healthy after 0.3 s: its health command ends with 1',
    hints: ['it printed: no database'],
  });
});

test('a service without a health command is healthy only while it runs', async () => {
  writeFileSync(flag, '');
  await openService('app', { ...honest, healthTimeout: 3000 }).healthy();
  rmSync(flag);
  await expect(openService('app', honest).healthy(300)).rejects.toMatchObject({ message: /it does not run/ });
});
