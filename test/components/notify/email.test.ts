/** Mail to real servers: one that encrypts and wants a login, and all those with which it goes wrong. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deliver } from '../../../components/notify/deliver';
import { greetMailServer } from '../../../components/notify/email';
import type { EmailTarget } from '../../../domain/config/types-notifications';
import { isHoldfastError } from '../../../domain/errors';
import { testCertificate } from '../../support/certificate';
import { type MailServer, startMailServer } from '../../support/mail-server';
import { configWith, delivery } from './notices';

const folder = mkdtempSync(path.join(tmpdir(), 'hf-mail-'));
const ca = path.join(folder, 'ca.pem');
const open: { close(): unknown }[] = [];
beforeAll(() => {
  writeFileSync(ca, testCertificate.cert);
  process.env['TEST_MAIL_RIGHT'] = 'right';
  process.env['TEST_MAIL_WRONG'] = 'a wrong word';
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function server(...args: Parameters<typeof startMailServer>): Promise<MailServer> {
  const made = await startMailServer(...args);
  open.push(made);
  return made;
}

const login = (secret: string) => ({ user: 'holdfast', password: `\${env:TEST_MAIL_${secret}}` });

function target(port: number, more: object = {}): object {
  const addresses = { from: 'holdfast@example.com', to: ['ops@example.com', 'dba@example.com'] };
  return { kind: 'email', host: '127.0.0.1', port, ca, ...addresses, ...more };
}

async function send(port: number, more: object = {}): Promise<{ code: string; message: string } | undefined> {
  try {
    await deliver(configWith({ ops: target(port, more) }), delivery('ops'));
    return undefined;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return { code: error.code, message: error.message };
  }
}

test('a mail arrives encrypted, with a login, an id of its occasion, and the same for programs beside it', async () => {
  const { port, mails, logins } = await server();
  expect(await send(port, login('RIGHT'))).toBeUndefined();
  expect(logins).toEqual([{ user: 'holdfast', password: 'right', encrypted: true }]);
  const [mail = ''] = mails;
  expect(mail).toMatch(/^Message-ID: <[0-9a-f]{32}@example\.com>$/im);
  expect(mail).toMatch(/^To: ops@example\.com, dba@example\.com\r$/m);
  expect(mail).toMatch(/^Date: Sun, 22 Nov 2026 02:00:00 \+0000\r$/m);
  expect(mail).toMatch(/^Auto-Submitted: auto-generated\r$/m);
  // What is told may have anything in it, and makes no header of its own.
  expect(mail.split('\r\n\r\n')[0]).not.toMatch(/^Bcc:/im);
  const [, attached = ''] = /filename=notice\.json[\s\S]*?\r\n\r\n([\s\S]*?)\r\n--/.exec(mail) ?? [];
  const json = Buffer.from(attached, 'base64').toString();
  expect(JSON.parse(json)).toMatchObject({ format: 1, event: 'backups_removed', facts: { count: 1 } });
});

test('each attempt for one occasion bears the same id, another occasion another', async () => {
  const { port, mails } = await server();
  for (const _ of [1, 2]) expect(await send(port, login('RIGHT'))).toBeUndefined();
  const other = { ...delivery('ops'), occasion: 'another' };
  await deliver(configWith({ ops: target(port, login('RIGHT')) }), other);
  const ids = mails.map((mail) => /^Message-ID: (\S+)/im.exec(mail)?.[1]);
  expect(ids[0]).toBe(ids[1]);
  expect(ids[2]).not.toBe(ids[0]);
});

test('over a connection that is encrypted from its first byte, and in the clear where that is wanted', async () => {
  const implicit = await server({ secure: true });
  expect(await send(implicit.port, { tls: 'implicit', ...login('RIGHT') })).toBeUndefined();
  const plain = await server({ authOptional: true, disabledCommands: ['STARTTLS', 'AUTH'] });
  expect(await send(plain.port, { tls: 'none' })).toBeUndefined();
  expect([implicit.mails.length, plain.mails.length]).toEqual([1, 1]);
});

test('no login and no mail for a server that does not encrypt, or whose certificate nobody vouches for', async () => {
  const plain = await server({ disabledCommands: ['STARTTLS'], allowInsecureAuth: true });
  expect(await send(plain.port, login('RIGHT'))).toMatchObject({
    code: 'notification_refused',
    message: expect.stringContaining('could not be encrypted'),
  });
  const stranger = await server();
  const unknown = await send(stranger.port, { ...login('RIGHT'), ca: undefined });
  expect(unknown?.message).toMatch(/could not be encrypted|not trusted/);
  expect([plain.logins, plain.mails, stranger.logins, stranger.mails]).toEqual([[], [], [], []]);
});

test('a refused login is told without what the server says of it, and is not tried again', async () => {
  const { port } = await server();
  expect(await send(port, login('WRONG'))).toEqual({
    code: 'notification_refused',
    message: 'ops was not told: the mail server refused the login (535)',
  });
});

test('a refused address is final, a server that is busy is not; where one address is refused it says so', async () => {
  const refusing = (responseCode: number, only?: string): Parameters<typeof startMailServer>[0] => ({
    authOptional: true,
    onRcptTo: ({ address }, _session, done) =>
      done(only === undefined || address === only ? Object.assign(new Error('not here'), { responseCode }) : null),
  });
  expect((await send((await server(refusing(550))).port))?.code).toBe('notification_refused');
  expect((await send((await server(refusing(451))).port))?.code).toBe('notification_failed');
  expect(await send((await server(refusing(550, 'dba@example.com'))).port)).toMatchObject({
    code: 'notification_refused',
    message: expect.stringContaining('not take it for every address'),
  });
});

test('a server that says nothing costs its time and no more, one that is not there none', async () => {
  const hole = createServer();
  hole.listen(0, '127.0.0.1');
  await once(hole, 'listening');
  const address = hole.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const sockets: { destroy(): void }[] = [];
  hole.on('connection', (socket) => sockets.push(socket));
  expect(await send(port, { timeout: '1s' })).toEqual({
    code: 'notification_failed',
    message: expect.stringMatching(/did not answer in time/),
  });
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => hole.close(resolve));
  expect(await send(port)).toMatchObject({ code: 'notification_failed' });
});

test('a greeting looks at encryption and login, and sends nothing', async () => {
  const { port, mails, logins } = await server();
  const of = (secret: string) =>
    configWith({ ops: target(port, login(secret)) }).notifications?.targets['ops'] as EmailTarget;
  await greetMailServer(of('RIGHT'), 'ops', AbortSignal.timeout(5000));
  await expect(greetMailServer(of('WRONG'), 'ops', AbortSignal.timeout(5000))).rejects.toThrow('refused the login');
  expect([mails.length, logins.length]).toEqual([0, 2]);
});
