import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { resolveConnection, resolveSecret } from '../../../components/config-file/secrets';

const folder = mkdtempSync(path.join(tmpdir(), 'hf-secret-'));
const file = path.join(folder, 'secret');
const env = { NAME: "it's $& \\ 1", PLAIN: 'plain' };
const ref = (text: string) => `\${${text}}`;
afterAll(() => rmSync(folder, { recursive: true }));

test('from the environment and from a file, whose last line end is not part of it', async () => {
  writeFileSync(file, 'from the file\n');
  expect(await resolveSecret(ref('env:PLAIN'), env)).toBe('plain');
  expect(await resolveSecret(ref(`file:${file}`), env)).toBe('from the file');
  expect(await resolveSecret('no reference', env)).toBe('no reference');
});

test('in a keyword string a value is quoted, in a URI it is escaped', async () => {
  expect(await resolveConnection(`host=a password=${ref('env:NAME')}`, env)).toBe("host=a password='it\\'s $& \\\\ 1'");
  expect(await resolveConnection(`postgres://me:${ref('env:NAME')}@h/d`, env)).toBe(
    "postgres://me:it's%20%24%26%20%5C%201@h/d",
  );
});

test('a connection that is one reference is taken as it is', async () => {
  expect(await resolveConnection(ref('env:DSN'), { DSN: 'host=a user=b' })).toBe('host=a user=b');
});

test.each([['env:MISSING'], ['file:/nothing/here']])('what is not there is named: %s', async (name) => {
  await expect(resolveSecret(ref(name), env)).rejects.toMatchObject({ code: 'secret_unavailable', where: ref(name) });
});
