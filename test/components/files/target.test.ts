import fs from 'node:fs';
import path from 'node:path';
import { openFilesSource } from '../../../components/files/source';
import { dirsBelow, dirsInPlace } from '../../../components/files/target';
import { rootPath } from '../../../components/tree/read';
import type { TreePath } from '../../../domain/tree';
import { temporaryFolder } from '../tree/sample';

const facts = (...paths: TreePath[]) => ({ paths });
const where = (dirs: Record<string, string>, root: string): string => rootPath(dirs, root).toString('latin1');

test('below a folder every path keeps its whole absolute path, whatever its bytes', () => {
  const dirs = dirsBelow(
    facts('/etc/app', { b64: Buffer.from('/srv/caf\xe9', 'latin1').toString('base64') }),
    '/to/config',
  );
  expect(where(dirs, '0')).toBe('/to/config/etc/app');
  expect(where(dirs, '1')).toBe('/to/config/srv/caf\xe9');
});

test.each(['etc/app', '/etc/../../app', '/etc//app', '/./x', '/etc/a\0b', ''])(
  'a forged path %j is refused',
  (forged) => {
    expect(() => dirsBelow(facts(forged), '/to')).toThrow(expect.objectContaining({ code: 'unsafe_path' }));
    expect(() => dirsInPlace(facts(forged), [forged])).toThrow(expect.objectContaining({ code: 'unsafe_path' }));
  },
);

test('in place only configured paths are written to', () => {
  expect(where(dirsInPlace(facts('/nowhere/app'), ['/nowhere/app/']), '0')).toBe('/nowhere/app');
  expect(() => dirsInPlace(facts('/etc/shadow'), ['/etc/app'])).toThrow(
    expect.objectContaining({ code: 'unsafe_path' }),
  );
});

test('in place a link stays, and what it points to is restored', () => {
  const folder = temporaryFolder();
  const link = path.join(folder, 'link');
  fs.mkdirSync(path.join(folder, 'real'));
  fs.symlinkSync('real', link);
  expect(where(dirsInPlace(facts(link), [link]), '0')).toBe(path.join(folder, 'real'));
  fs.rmSync(folder, { recursive: true });
});

test('a configured path that is not there is an error that names it', async () => {
  await expect(openFilesSource(['/etc', '/nowhere/at/all'])).rejects.toMatchObject({
    code: 'source_unreadable',
    where: '/nowhere/at/all',
  });
});
