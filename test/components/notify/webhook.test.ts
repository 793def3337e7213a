/** Webhooks to real servers that take, refuse, point elsewhere, and say nothing. */
import { createHmac } from 'node:crypto';
import { deliver } from '../../../components/notify/deliver';
import { isHoldfastError } from '../../../domain/errors';
import { type Answer, type Receiver, startReceiver } from '../../support/receiver';
import { configWith, delivery } from './notices';

const open: Receiver[] = [];
beforeAll(() => {
  process.env['TEST_HOOK_TOKEN'] = 'a token of ours';
  process.env['TEST_HOOK_KEY'] = 'a key of ours';
  process.env['TEST_HOOK_LINES'] = 'a secret\nof two lines';
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function receiver(answer?: (number: number) => Answer): Promise<Receiver> {
  const made = await startReceiver(answer);
  open.push(made);
  return made;
}

async function post(url: string, more: object = {}): Promise<{ code: string; message: string } | undefined> {
  try {
    await deliver(configWith({ chat: { kind: 'webhook', url, ...more } }), delivery('chat'));
    return undefined;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return { code: error.code, message: error.message };
  }
}

test('the notice comes as JSON, with the secret header, an id that every attempt shares, and a signature of the bytes', async () => {
  const { url, received, documents } = await receiver();
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration names secrets so
  const secrets = { headers: { Authorization: 'Bearer ${env:TEST_HOOK_TOKEN}' }, signingKey: '${env:TEST_HOOK_KEY}' };
  for (const _ of [1, 2]) expect(await post(url, secrets)).toBeUndefined();
  const [first, second] = received;
  const signature = createHmac('sha256', 'a key of ours')
    .update(first?.body ?? '')
    .digest('hex');
  expect(first).toMatchObject({
    method: 'POST',
    headers: {
      authorization: 'Bearer a token of ours',
      'content-type': 'application/json',
      'holdfast-signature': `sha256=${signature}`,
    },
  });
  const [document] = documents();
  expect(first?.headers['idempotency-key']).toBe(document?.id);
  expect(second?.headers['idempotency-key']).toBe(document?.id);
  expect(document).toEqual({
    ...{ format: 1, id: expect.stringMatching(/^[0-9a-f]{32}$/), at: '2026-11-22T02:00:00.000Z' },
    occasion: delivery('chat').occasion,
    ...delivery('chat').notice,
  });
});

test.each([
  [500, 'notification_failed'],
  [429, 'notification_failed'],
  [401, 'notification_refused'],
  [404, 'notification_refused'],
])('an answer of %d is %s', async (status, code) => {
  const { url } = await receiver(() => ({ status }));
  expect(await post(url)).toEqual({ code, message: expect.stringContaining(`it answered ${status}`) });
});

test('it goes nowhere else, whatever the server says', async () => {
  const elsewhere = await receiver();
  const { url } = await receiver(() => ({ status: 307, headers: { Location: elsewhere.url } }));
  expect(await post(url)).toMatchObject({ code: 'notification_refused' });
  expect(elsewhere.received).toEqual([]);
});

test('a server that says nothing costs its time and no more, one that is not there none', async () => {
  const { url } = await receiver(() => 'never');
  expect(await post(url, { timeout: '1s' })).toEqual({
    code: 'notification_failed',
    message: 'chat could not be told: it did not answer in time',
  });
  await open.splice(0)[0]?.close();
  expect(await post(url)).toEqual({
    code: 'notification_failed',
    message: 'chat could not be told: no answer (ECONNREFUSED)',
  });
});

test('an address that is a secret is resolved, and told by nobody', async () => {
  const { url, received } = await receiver(() => ({ status: 403 }));
  process.env['TEST_HOOK_URL'] = `${url}?token=very-secret`;
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration names secrets so
  const refusal = await post('${env:TEST_HOOK_URL}');
  expect(refusal).toEqual({ code: 'notification_refused', message: 'chat was not told: it answered 403' });
  expect(received[0]?.path).toBe('/hook?token=very-secret');
  process.env['TEST_HOOK_URL'] = 'file:///etc/very-secret';
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration names secrets so
  const nonsense = await post('${env:TEST_HOOK_URL}');
  expect(nonsense).toMatchObject({ code: 'notification_refused', message: expect.not.stringContaining('secret') });
});

test('a secret that no header can hold is refused without a word of it', async () => {
  const { url, received } = await receiver();
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration names secrets so
  const refusal = await post(url, { headers: { Authorization: '${env:TEST_HOOK_LINES}' } });
  expect(refusal).toMatchObject({ code: 'notification_refused', message: expect.not.stringContaining('two lines') });
  expect(received).toEqual([]);
});
