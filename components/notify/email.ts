/** By mail. What a server says at the login is told to nobody: it may repeat what it was given. */
import { readFile } from 'node:fs/promises';
import { createTransport, type Transporter } from 'nodemailer';
import type { EmailTarget } from '../../domain/config/types-notifications';
import { isHoldfastError } from '../../domain/errors';
import { type NoticeDocument, textOf } from '../../domain/notifications/notice';
import { masked, resolveSecret } from '../config-file/secrets';
import type { Posting } from './deliver';
import { failed, oneLine, refused, systemCode, tooLate } from './failure';

export async function sendMail(target: EmailTarget, { name, document, signal }: Posting): Promise<void> {
  await withServer(target, name, signal, async (server) => {
    const { at, occasion, id, event } = document;
    const { accepted = [] } = await server.sendMail({
      ...{ from: target.from, to: target.to, subject: oneLine(document.subject), date: new Date(at) },
      text: textOf({ notice: document, at, occasion }),
      messageId: `<${id}@${domainOf(target)}>`,
      headers: { 'Auto-Submitted': 'auto-generated', 'Idempotency-Key': id, 'Holdfast-Event': event },
      attachments: [jsonOf(document)],
      // Nothing of the message may make this process read a file or ask a server.
      ...{ disableFileAccess: true, disableUrlAccess: true },
    });
    if (accepted.length < target.to.length) throw refused(name, 'the server did not take it for every address');
  });
}

/** Greets, encrypts and logs in, and sends nothing. */
export async function greetMailServer(target: EmailTarget, name: string, signal: AbortSignal): Promise<void> {
  await withServer(target, name, signal, async (server) => {
    await server.verify();
  });
}

async function withServer(
  target: EmailTarget,
  name: string,
  signal: AbortSignal,
  act: (server: Transporter) => Promise<void>,
): Promise<void> {
  const { host, port, tls, user, password, timeout } = target;
  const auth =
    user === undefined || password === undefined ? {} : { auth: { user, pass: await resolveSecret(password) } };
  const server = createTransport({
    ...{ host, port, secure: tls === 'implicit', requireTLS: tls === 'starttls', ignoreTLS: tls === 'none' },
    ...{ connectionTimeout: timeout, greetingTimeout: timeout, socketTimeout: timeout, dnsTimeout: timeout },
    ...{ socketCloseTimeout: 0, tls: await trusting(target, name), ...auth },
  });
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(tooLate(name)), { once: true });
  });
  late.catch(() => undefined);
  try {
    if (signal.aborted) throw tooLate(name);
    await Promise.race([act(server), late]);
  } catch (error) {
    throw isHoldfastError(error) ? error : mailFailure(name, error);
  } finally {
    server.close();
  }
}

async function trusting({ ca }: EmailTarget, name: string): Promise<{ ca?: string }> {
  if (ca === undefined) return {};
  try {
    return { ca: await readFile(ca, 'utf8') };
  } catch (error) {
    throw refused(name, `its ca cannot be read (${systemCode(error) ?? 'unknown'})`);
  }
}

const atLogin = new Set(['EAUTH', 'ENOAUTH', 'EOAUTH2']);
const untilChanged = new Set(['ETLS', 'EENVELOPE', 'EMESSAGE', 'ECONFIG']);

function mailFailure(name: string, error: unknown) {
  const code = systemCode(error) ?? 'unknown';
  const status = replyOf(error);
  if (atLogin.has(code)) {
    const why = `the mail server refused the login${status === undefined ? '' : ` (${status})`}`;
    return isPermanent(status) ? refused(name, why) : failed(name, why);
  }
  const said = status === undefined ? '' : ` (${status}: ${saidBy(error)})`;
  const why = `${words[code] ?? `the mail server could not be used: ${code}`}${said}`;
  return isPermanent(status) || (status === undefined && untilChanged.has(code))
    ? refused(name, why)
    : failed(name, why);
}

const words: Record<string, string> = {
  ETLS: 'the connection to the mail server could not be encrypted',
  EENVELOPE: 'the mail server refused the sender or an address',
  EMESSAGE: 'the mail server refused the message',
  ETIMEDOUT: 'the mail server did not answer in time',
  ESOCKET: 'the mail server cannot be reached, or its certificate is not trusted',
  ECONNECTION: 'the connection to the mail server broke off',
  EDNS: 'the mail server has no address',
};

function isPermanent(status: number | undefined): boolean {
  return status !== undefined && status >= 500;
}

function replyOf(error: unknown): number | undefined {
  const status = fieldOf(error, 'responseCode');
  return typeof status === 'number' && status > 0 ? status : undefined;
}

function saidBy(error: unknown): string {
  const said = fieldOf(error, 'response');
  return typeof said === 'string' ? masked({ message: oneLine(said), hints: [] }).message : '';
}

function fieldOf(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
}

/** For programs that read mail. */
function jsonOf(document: NoticeDocument) {
  return {
    filename: 'notice.json',
    contentType: 'application/json',
    content: `${JSON.stringify(document, null, 2)}\n`,
  };
}

function domainOf({ from }: EmailTarget): string {
  return from.slice(from.lastIndexOf('@') + 1);
}
