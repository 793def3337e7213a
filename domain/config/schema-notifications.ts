/** The form of `notifications`: who is told, and how it is made certain that no secret is written there. */
import { z } from 'zod';
import { duration, filePath, nameMap, names, secret } from './schema-values';
import { hasBrokenReference, referenceExample, secretForm, secretReferences } from './secret-reference';
import { type MailSecurity, mailSecurities, type NotificationsConfig, type TargetConfig } from './types-notifications';

const longest = 15_000;

/** What notifies waits for it at its end, once all else is done. */
const timeout = duration
  .refine((ms) => ms >= 1000 && ms <= longest, 'expected from 1s to 15s')
  .default(10_000)
  .describe('of one attempt');

const address = z
  .string()
  .max(320)
  .regex(/^[^\s<>"@,;]+@[^\s<>"@,;]+$/, 'expected an address such as ops@example.com');

const email = z
  .strictObject({
    kind: z.literal('email'),
    host: z.string().regex(/^[^\s:/@]+$|^[0-9a-fA-F:]+$/, 'expected the name of a mail server'),
    port: z.int().min(1).max(65_535).optional().describe('absent: 587 with starttls, 465 with implicit, 25 with none'),
    tls: z
      .enum(mailSecurities)
      .default('starttls')
      .describe('starttls: nothing is said to a server that does not offer it'),
    ca: filePath.optional().describe('PEM certificates to trust instead of the system’s'),
    user: z.string().min(1).optional(),
    password: secret.optional(),
    from: address,
    to: z.array(address).min(1, 'expected at least one address').max(50),
    timeout,
  })
  .refine(
    (one) => (one.user === undefined) === (one.password === undefined),
    'expected both user and password, or neither',
  )
  .refine(
    (one) => one.tls !== 'none' || one.password === undefined,
    'expected tls starttls or implicit where there is a password: without it would be sent for all to read',
  );

/** Those that say what a delivery is. */
const ownHeaders = /^(?:content-.*|host|connection|transfer-encoding|idempotency-key|user-agent|holdfast-.*)$/i;

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,100}$/, 'expected the name of a header')
  .refine((name) => !ownHeaders.test(name), 'expected another header: this one is set by holdfast');

const headerValue = z
  .string()
  .refine(
    (text) => secretReferences(text).length > 0 && !hasBrokenReference(text),
    `expected a value with a reference to a secret, such as "Bearer ${referenceExample.split(' ')[0]}", never the secret itself`,
  );

const webhook = z
  .strictObject({
    kind: z.literal('webhook'),
    url: z
      .string()
      .refine(isAddress, `expected https://host/path without user and password, or a reference, ${referenceExample}`),
    headers: z
      .record(headerName, headerValue)
      .default({})
      .describe('with references to secrets, such as Authorization'),
    signingKey: secret.optional().describe('of the HMAC-SHA256 over each body, in the header Holdfast-Signature'),
    timeout,
  })
  .refine(
    (one) => Object.keys(one.headers).length === 0 || !isInTheClear(one.url),
    'expected https where headers hold secrets: over http they would be sent for all to read',
  );

const command = z.strictObject({
  kind: z.literal('command'),
  argv: z
    .array(
      z
        .string()
        .refine((text) => !text.includes('\0'), 'expected text')
        .refine(
          (text) => !text.includes('${'),
          'expected no reference: arguments are shown by every list of processes; let the program read its secret itself',
        ),
    )
    .min(1, 'expected a program and its arguments')
    .refine((argv) => argv[0] !== '', 'expected a program and its arguments')
    .describe('run without a shell; the notification comes as JSON on its standard input'),
  timeout,
});

export const notificationsSchema = z.strictObject({
  targets: nameMap(z.discriminatedUnion('kind', [email, webhook, command])).describe('who can be told, by name'),
  alerts: names
    .optional()
    .describe('who hears of scheduled work that was skipped or failed, and of proofs that are stale or failing'),
});

export const notify = names.optional().describe('targets that hear of its backups when they are removed or moved');

type Parsed = z.output<typeof notificationsSchema>;

const ports: Record<MailSecurity, number> = { starttls: 587, implicit: 465, none: 25 };

/** @param at makes a path of the file absolute */
export function notificationsOf(
  parsed: Parsed | undefined,
  at: (path: string) => string,
): { notifications?: NotificationsConfig } {
  if (parsed === undefined) return {};
  const targets = Object.entries(parsed.targets).map(([name, one]) => [name, targetOf(one, at)]);
  return { notifications: { targets: Object.fromEntries(targets), alerts: parsed.alerts ?? [] } };
}

function targetOf(one: Parsed['targets'][string], at: (path: string) => string): TargetConfig {
  if (one.kind === 'webhook') return one;
  if (one.kind === 'email')
    return { ...one, port: one.port ?? ports[one.tls], ...(one.ca !== undefined && { ca: at(one.ca) }) };
  const [program = '', ...rest] = one.argv;
  return { ...one, argv: [program.includes('/') ? at(program) : program, ...rest] };
}

function isAddress(text: string): boolean {
  if (secretForm.test(text)) return true;
  if (hasBrokenReference(text) || !/^https?:\/\/[^\s$@]+/.test(text)) return false;
  const bare = secretReferences(text).reduce((left, { text: reference }) => left.replace(reference, 'x'), text);
  const url = URL.parse(bare);
  return url !== null && url.username === '' && url.password === '';
}

/** To another host; what the address is when it is a reference is known where it is used. */
function isInTheClear(text: string): boolean {
  const url = text.startsWith('http://') ? URL.parse(text.replaceAll(/\$\{[^}]*\}/g, 'x')) : null;
  return url !== null && !isLoopback(url.hostname);
}

export function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
