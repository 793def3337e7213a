/** `notify test` and `doctor` against targets that are there, and such as are not. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { startMailServer } from '../support/mail-server';
import { startReceiver } from '../support/receiver';
import { runCli, scratch } from './run-cli';

const folder = scratch();

function configure(targets: object): void {
  writeFileSync(
    path.join(folder, 'holdfast.yaml'),
    `system: shop
sites: { dc01: { components: {} } }
stores: { local: { kind: dir, path: store } }
notifications: ${JSON.stringify({ targets })}
`,
  );
}

test('each target is tried and told of, and one that fails is exit 1', async () => {
  const receiver = await startReceiver();
  const mail = await startMailServer({ authOptional: true, disabledCommands: ['STARTTLS', 'AUTH'] });
  const { port } = mail;
  const addresses = { from: 'a@example.com', to: ['b@example.com'] };
  const ops = { kind: 'email', host: '127.0.0.1', port, tls: 'none', ...addresses };
  configure({ hook: { kind: 'webhook', url: receiver.url }, ops, pager: { kind: 'command', argv: ['false'] } });
  const { code, stdout } = await runCli(['notify', 'test', '--json'], folder);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toEqual([
    { target: 'hook', kind: 'webhook', arrived: true },
    { target: 'ops', kind: 'email', arrived: true },
    expect.objectContaining({
      target: 'pager',
      arrived: false,
      error: expect.objectContaining({ code: 'notification_failed' }),
    }),
  ]);
  expect(receiver.documents()).toEqual([expect.objectContaining({ event: 'test', system: 'shop' })]);
  expect(mail.mails.length).toBe(1);

  expect(await runCli(['notify', 'test', 'hook'], folder)).toMatchObject({ code: 0 });
  const near = await runCli(['notify', 'test', 'hok'], folder);
  expect(near).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "hook"?') });

  const { stdout: found } = await runCli(['doctor', '--json'], folder, { HOLDFAST_TEMPORAL_CLI: '/bin/true' });
  const { findings } = JSON.parse(found) as { findings: { area: string; level: string; what: string }[] };
  const of = findings.filter(({ area }) => area.startsWith('notify '));
  expect(of.map(({ area, level }) => `${area}: ${level}`)).toEqual([
    'notify hook: ok',
    'notify ops: ok',
    'notify pager: ok',
  ]);
  expect([receiver.documents().length, mail.mails.length]).toEqual([2, 1]);
  await receiver.close();
  await mail.close();

  const gone = await runCli(['doctor', '--json'], folder, { HOLDFAST_TEMPORAL_CLI: '/bin/true' });
  expect(gone.code).toBe(1);
  const lost = (JSON.parse(gone.stdout) as { findings: typeof findings }).findings;
  expect(lost.filter(({ level }) => level === 'error').map(({ area }) => area)).toEqual(['notify hook', 'notify ops']);
});

test('without a target there is nobody to try', async () => {
  configure({});
  const { code, stderr } = await runCli(['notify', 'test'], folder);
  expect([code, stderr]).toEqual([2, expect.stringContaining('no targets of notifications')]);
});
