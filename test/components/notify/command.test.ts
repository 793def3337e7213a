/** Commands that take a notice, fail, hang, do not listen, and are not there. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deliver } from '../../../components/notify/deliver';
import { isHoldfastError } from '../../../domain/errors';
import { configWith, delivery } from './notices';

const folder = mkdtempSync(path.join(tmpdir(), 'hf-notify-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(argv: string[], more: object = {}): Promise<{ code: string; message: string } | undefined> {
  try {
    await deliver(configWith({ pager: { kind: 'command', argv, ...more } }), delivery('pager'));
    return undefined;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return { code: error.code, message: error.message };
  }
}

const shell = (script: string) => ['sh', '-c', script, 'x', folder];

test('it gets the notice as JSON on its standard input, and arguments as they are written', async () => {
  expect(
    await run(['sh', '-c', 'cat > "$1/taken"; printf %s "$2" > "$1/argument"', 'x', folder, '$(id) `id`']),
  ).toBeUndefined();
  const taken = readFileSync(path.join(folder, 'taken'), 'utf8');
  expect(JSON.parse(taken)).toMatchObject({ format: 1, event: 'backups_removed', facts: { count: 1 } });
  expect(readFileSync(path.join(folder, 'argument'), 'utf8')).toBe('$(id) `id`');
});

test('its environment holds nothing that the configuration names as a secret', async () => {
  process.env['TEST_PAGER_SECRET'] = 'x';
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration names secrets so
  const hook = { kind: 'webhook', url: '${env:TEST_PAGER_SECRET}' };
  const pager = { kind: 'command', argv: shell('env > "$1/environment"') };
  await deliver(configWith({ hook, pager }), delivery('pager'));
  expect(readFileSync(path.join(folder, 'environment'), 'utf8')).not.toContain('TEST_PAGER_SECRET');
});

test('one that fails says how, one that does not read its input and ends well has taken it', async () => {
  expect(await run(shell('echo no line >&2; exit 7'))).toEqual({
    code: 'notification_failed',
    message: 'pager could not be told: sh ended with 7; it printed: no line',
  });
  expect(await run(['true'])).toBeUndefined();
});

test('one that hangs is ended with all it started', async () => {
  expect(await run(shell('sleep 600 & echo $! > "$1/pid"; wait'), { timeout: '1s' })).toMatchObject({
    code: 'notification_failed',
    message: expect.stringMatching(/did not end within 1 s|was aborted/),
  });
  const pid = Number(readFileSync(path.join(folder, 'pid'), 'utf8'));
  // Where nobody waits for it, it is dead and still listed.
  const left = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : ') Z ';
  expect(left).toContain(') Z ');
});

test('one that is not there, or is no program, is refused before anything is run', async () => {
  for (const argv of [
    ['no-such-program-of-ours'],
    [path.join(folder, 'taken')],
    [folder],
    [folder.replace(tmpdir(), './nothing')],
  ])
    expect(await run(argv)).toMatchObject({ code: 'notification_refused' });
});
