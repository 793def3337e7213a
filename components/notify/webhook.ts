/** By a request to an address. Where it points to another place it is not followed: secrets go only where they were meant for. */
import { createHmac } from 'node:crypto';
import { isLoopback } from '../../domain/config/schema-notifications';
import type { WebhookTarget } from '../../domain/config/types-notifications';
import { resolveSecret } from '../config-file/secrets';
import type { Posting } from './deliver';
import { failed, refused, systemCode, tooLate } from './failure';

export async function callWebhook(target: WebhookTarget, { name, document, signal }: Posting): Promise<void> {
  const url = await urlOf(target, name);
  const body = JSON.stringify(document);
  const headers = new Headers({
    'Content-Type': 'application/json',
    'User-Agent': 'holdfast',
    'Idempotency-Key': document.id,
    'Holdfast-Event': document.event,
  });
  for (const [header, text] of Object.entries(target.headers)) {
    const value = await resolveSecret(text);
    // The library would repeat in its error what it does not take.
    if (!/^[\t\x20-\x7e]+$/.test(value))
      throw refused(name, `the secret for ${header} is no text that a header can hold`);
    headers.set(header, value);
  }
  if (target.signingKey !== undefined)
    headers.set('Holdfast-Signature', signatureOf(await resolveSecret(target.signingKey), body));
  const status = await ask(name, url, { method: 'POST', headers, body, signal });
  if (status >= 200 && status < 300) return;
  const why =
    status >= 300 && status < 400 ? `it answered ${status}, and is not followed elsewhere` : `it answered ${status}`;
  throw isPassing(status) ? failed(name, why) : refused(name, why);
}

/** `sha256=` and the hex of the HMAC-SHA256 over the body's bytes. */
export function signatureOf(key: string, body: string): string {
  return `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;
}

/** Asks without a secret and without saying anything; any answer is one. @returns its status */
export async function greetWebhook(target: WebhookTarget, name: string, signal: AbortSignal): Promise<number> {
  const url = await urlOf(target, name);
  for (const text of [
    ...Object.values(target.headers),
    ...(target.signingKey === undefined ? [] : [target.signingKey]),
  ])
    await resolveSecret(text);
  return await ask(name, url, { method: 'HEAD', signal });
}

async function ask(name: string, url: URL, request: RequestInit & { signal: AbortSignal }): Promise<number> {
  try {
    const response = await fetch(url, { ...request, redirect: 'manual' });
    // What it says besides is of no interest, and may be endless.
    await response.body?.cancel();
    return response.status;
  } catch (error) {
    if (request.signal.aborted) throw tooLate(name);
    throw failed(name, `no answer (${systemCode(error) ?? 'the connection broke off'})`);
  }
}

async function urlOf(target: WebhookTarget, name: string): Promise<URL> {
  const url = URL.parse(await resolveSecret(target.url));
  if (
    url === null ||
    (url.protocol !== 'https:' && url.protocol !== 'http:') ||
    url.username !== '' ||
    url.password !== ''
  )
    throw refused(name, 'what its url refers to is no address without user and password');
  if (url.protocol === 'http:' && Object.keys(target.headers).length > 0 && !isLoopback(url.hostname))
    throw refused(name, 'its url is of http, and the secrets of its headers are not sent for all to read');
  return url;
}

/** Asked later it may answer otherwise. */
function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}
