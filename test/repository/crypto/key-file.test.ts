import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { readKeyFile } from '../../../repository/crypto/key-file';

describe('a key file', () => {
  let folder: string;
  const at = (name: string) => path.join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'holdfast-key-'));
  });
  afterAll(async () => await rm(folder, { recursive: true, force: true }));

  test('gives its 32 bytes, with or without a newline at the end', async () => {
    const key = randomBytes(32);
    await writeFile(at('good'), `${key.toString('base64')}\n`, { mode: 0o600 });
    expect(await readKeyFile(at('good'))).toEqual(key);
    await writeFile(at('bare'), key.toString('base64'), { mode: 0o400 });
    expect(await readKeyFile(at('bare'))).toEqual(key);
  });

  test('is refused when others may read it', async () => {
    await writeFile(at('open'), randomBytes(32).toString('base64'), { mode: 0o600 });
    await chmod(at('open'), 0o640);
    await expect(readKeyFile(at('open'))).rejects.toMatchObject({
      code: 'key_invalid',
      hints: [`chmod 600 ${at('open')}`],
    });
  });

  test.each([
    ['empty', ''],
    ['short', randomBytes(16).toString('base64')],
    ['long', randomBytes(33).toString('base64')],
    ['hex', randomBytes(32).toString('hex')],
    ['passphrase', 'correct horse battery staple correct horse!!'],
  ])('is refused when it is %s, without telling what it holds', async (name, text) => {
    await writeFile(at(name), text, { mode: 0o600 });
    const refusal: Error = await readKeyFile(at(name)).then(
      () => new Error('accepted'),
      (error: Error) => error,
    );
    expect(refusal).toMatchObject({ code: 'key_invalid' });
    if (text !== '') expect(JSON.stringify(refusal) + refusal.message).not.toContain(text);
  });

  test('is refused with a way to make one when it is not there', async () => {
    await expect(readKeyFile(at('none'))).rejects.toMatchObject({
      code: 'key_invalid',
      hints: [expect.stringContaining('openssl rand -base64 32')],
    });
  });
});
