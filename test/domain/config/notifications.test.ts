/** Targets of notifications: what they mean, and all that is refused before anybody relies on them. */
import { parseConfig } from '../../../domain/config/parse';
import { isHoldfastError } from '../../../domain/errors';
import { least } from './design-example';

const file = '/etc/holdfast/holdfast.yaml';

function problems(text: string): string[] {
  try {
    parseConfig(text, file);
  } catch (error) {
    if (!isHoldfastError(error) || error.code !== 'config_invalid') throw error;
    return error.hints.map((hint) => hint.replace(/^\/etc\/holdfast\/holdfast\.yaml:\d+: /, ''));
  }
  return [];
}

const targets = (list: string, more = '') => `${least}\nnotifications: { targets: { ${list} } }\n${more}`;
const mail = 'kind: email, host: mail.example.com, from: a@example.com, to: [b@example.com]';

test('what is left open is filled', () => {
  const pager = 'pager: { kind: command, argv: [./page, now] }';
  const { config } = parseConfig(
    targets(`ops: { ${mail} }, old: { ${mail}, tls: none }, sealed: { ${mail}, tls: implicit, ca: ca.pem }, ${pager}`),
    file,
  );
  expect(config.notifications).toMatchObject({
    alerts: [],
    targets: {
      ops: { port: 587, tls: 'starttls', timeout: 10_000 },
      old: { port: 25 },
      sealed: { port: 465, ca: '/etc/holdfast/ca.pem' },
      pager: { argv: ['/etc/holdfast/page', 'now'] },
    },
  });
});

test('a name that nobody bears is refused wherever it stands, with its line and the nearest', () => {
  const names = 'retention: { notify: [opps] }\ntiers:\n  daily: { notify: [ops, dbaa] }\n';
  expect(problems(targets(`ops: { ${mail} }, dba: { ${mail} }`, names))).toEqual([
    'retention.notify[0]: expected one of "ops", "dba", found "opps"; did you mean "ops"?',
    'tiers.daily.notify[1]: expected one of "ops", "dba", found "dbaa"; did you mean "dba"?',
  ]);
  const alerts = `${least}\nnotifications:\n  alerts: [op]\n  targets:\n    ops: { ${mail} }\n`;
  expect(problems(alerts)).toEqual([
    'notifications.alerts[0]: expected one of "ops", found "op"; did you mean "ops"?'.replace('one of ', ''),
  ]);
  expect(problems(`${least}\nretention: { notify: [ops] }\n`)).toEqual([
    'retention.notify[0]: expected the name of a target, and there is none below notifications.targets',
  ]);
});

test('an unknown key and an unknown kind are told with the nearest', () => {
  expect(problems(targets(`ops: { ${mail}, timout: 5s }`))).toEqual([
    'notifications.targets.ops.timout: unknown key; did you mean "timeout"?',
  ]);
  expect(problems(targets('ops: { kind: mail }'))).toEqual([
    'notifications.targets.ops.kind: expected one of "email", "webhook", "command", found "mail"; did you mean "email"?',
  ]);
});

// biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration names secrets so
const reference = '"${env:HOOK}"';

test.each([
  ['a password that is written out', `${mail}, user: a, password: hunter22`, /a reference to a secret/],
  ['a user without a password', `${mail}, user: a`, /both user and password/],
  ['a password in the clear', `${mail}, tls: none, user: a, password: ${reference}`, /for all to read/],
  ['an address that is none', mail.replace('b@example.com', '"b@example.com, c@example.com"'), /an address such as/],
  ['a webhook with a password', 'kind: webhook, url: "https://a:b@example.com/"', /without user and password/],
  ['a webhook to a file', 'kind: webhook, url: "file:///etc/passwd"', /expected https/],
  [
    'a header that is written out',
    'kind: webhook, url: "https://a", headers: { Authorization: Bearer x }',
    /never the secret/,
  ],
  ['a header of ours', `kind: webhook, url: "https://a", headers: { Idempotency-Key: ${reference} }`, /another header/],
  ['a secret by http', `kind: webhook, url: "http://a", headers: { Authorization: ${reference} }`, /for all to read/],
  ['a secret as an argument', `kind: command, argv: [page, ${reference}]`, /shown by every list of processes/],
  ['a command of nothing', 'kind: command, argv: []', /a program and its arguments/],
  ['a time that would keep everybody waiting', `${mail}, timeout: 5m`, /from 1s to 15s/],
])('%s is refused', (_what, target, message) => {
  const found = problems(targets(`one: { ${target} }`));
  expect(found).toEqual([expect.stringMatching(message)]);
  expect(found.join()).not.toMatch(/hunter22/);
});

test('on this machine a secret may go by http, and an address may be the secret', () => {
  const local = `kind: webhook, url: "http://127.0.0.1:8080/", headers: { X-Token: ${reference} }`;
  expect(problems(targets(`one: { ${local} }, two: { kind: webhook, url: ${reference} }`))).toEqual([]);
});

test('of recovery points, which go every few minutes, nobody is told, and that is said', () => {
  const points = 'tiers:\n  points: { type: point, every: 5m, notify: [ops] }\n';
  const { warnings } = parseConfig(targets(`ops: { ${mail} }`, points), file);
  expect(warnings).toContain('tiers.points.notify has no effect with type point');
});
