import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openService } from '../../../components/services/open';
import type { ServiceConfig } from '../../../domain/config/types';
import { scratch, script } from './scratch';

/** Stand-ins for `systemctl` and `docker` on PATH: they record their arguments, one line a call, and keep a state in a file. */
const folder = scratch();
const bin = join(folder, 'bin');
const calls = join(folder, 'calls');
const state = join(folder, 'state');
const before = process.env.PATH;
const limits = { healthTimeout: 1000, timeout: 20_000 };

beforeAll(() => {
  mkdirSync(bin);
  process.env.PATH = `${bin}:${before}`;
  script(
    bin,
    'systemctl',
    `echo "$@" >> ${calls}
case "$1" in
  show) cat ${state};;
  stop) test ! -e ${folder}/broken || { echo 'Job for app.service failed.' >&2; exit 1; }
        printf 'LoadState=loaded\\nActiveState=inactive\\n' > ${state};;
  start) printf 'LoadState=loaded\\nActiveState=active\\n' > ${state};;
esac`,
  );
  script(
    bin,
    'docker',
    `echo "$@" >> ${calls}
case "$*" in
  *" config --services") echo app; echo other;;
  *" ps "*) cat ${state};;
  *" stop "*) echo exited > ${state};;
  *" start "*|*" up "*) echo running > ${state};;
esac`,
  );
});
beforeEach(() => rmSync(calls, { force: true }));
afterAll(() => {
  process.env.PATH = before;
});

const made = () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []);
const systemd: ServiceConfig = { control: 'systemd', unit: 'app.service', ...limits };
const show = 'show --property=LoadState --property=ActiveState -- app.service';

test('a systemd unit is asked for, stopped and started with exactly these arguments', async () => {
  writeFileSync(state, 'LoadState=loaded\nActiveState=active\n');
  const service = openService('app', systemd);
  await service.stop();
  await service.start();
  expect(made()).toEqual([
    show,
    'stop --no-ask-password -- app.service',
    show,
    show,
    'start --no-ask-password -- app.service',
    show,
  ]);
});

test.each([
  ['active', 'running'],
  ['activating', 'running'],
  ['reloading', 'running'],
  ['inactive', 'stopped'],
  ['failed', 'stopped'],
])('a unit that systemd calls %s is %s', async (active, expected) => {
  writeFileSync(state, `LoadState=loaded\nActiveState=${active}\n`);
  expect(await openService('app', systemd).state()).toBe(expected);
});

test('a unit that systemd does not know is absent', async () => {
  writeFileSync(state, 'LoadState=not-found\nActiveState=inactive\n');
  expect(await openService('app', systemd).state()).toBe('absent');
});

test('what systemctl printed is told when it fails', async () => {
  writeFileSync(state, 'LoadState=loaded\nActiveState=active\n');
  writeFileSync(join(folder, 'broken'), '');
  await expect(openService('app', systemd).stop()).rejects.toMatchObject({
    code: 'service_stop_failed',
    message: 'cannot stop systemd unit app.service: systemctl ended with 1',
    hints: ['it printed: Job for app.service failed.'],
  });
});

const compose: ServiceConfig = { control: 'compose', service: 'app', file: '/srv/c.yml', project: 'shop', ...limits };
const which = 'compose --file /srv/c.yml --project-name shop';

test('a compose service is asked for, stopped and started with exactly these arguments', async () => {
  writeFileSync(state, 'running\n');
  const service = openService('app', compose);
  await service.stop();
  await service.start();
  const ask = [`${which} config --services`, `${which} ps --all --format {{.State}} app`];
  expect(made()).toEqual([
    ...ask,
    `${which} stop --timeout 15 app`,
    ...ask,
    ...ask,
    ask[1],
    `${which} start app`,
    ...ask,
  ]);
});

test('a compose service without a container is stopped; starting it makes one, without what it depends on', async () => {
  writeFileSync(state, '');
  const service = openService('app', compose);
  expect(await service.state()).toBe('stopped');
  await service.start();
  expect(made()).toContain(`${which} up --detach --no-deps app`);
});

test('one running container of several is enough to be running', async () => {
  writeFileSync(state, 'exited\nrunning\n');
  expect(await openService('app', compose).state()).toBe('running');
});

test('a service that the compose file does not name is absent', async () => {
  expect(await openService('app', { ...compose, service: 'nothere' }).state()).toBe('absent');
});
