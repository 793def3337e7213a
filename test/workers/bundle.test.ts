/** The workflows' bundle, where the program lies in a folder that nobody may write. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const dist = path.resolve(__dirname, '../..');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hf-bundle-'));
  for (const room of ['workers', 'workflows', 'domain', 'activities'])
    cpSync(path.join(dist, room), path.join(folder, 'dist', room), { recursive: true });
  symlinkSync(modules(dist), path.join(folder, 'node_modules'));
});
afterAll(() => {
  chmodSync(path.join(folder, 'dist'), 0o755);
  rmSync(folder, { recursive: true, force: true });
});

function modules(from: string): string {
  const here = path.join(from, 'node_modules');
  return existsSync(here) ? here : modules(path.dirname(from));
}

test('a worker that may not write there makes one for itself, and takes it away at its end', () => {
  chmodSync(folder, 0o755);
  chmodSync(path.join(folder, 'dist'), 0o555);
  // Root may write everywhere unless it gives up that right.
  const humbly =
    process.getuid?.() === 0
      ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', process.execPath]
      : [process.execPath];
  const script = `require(${JSON.stringify(path.join(folder, 'dist/workers/bundle.js'))}).workflowBundle()
    .then((file) => console.log(file, require('node:fs').statSync(file).size))`;
  const { stdout, stderr } = spawnSync(humbly[0] as string, [...humbly.slice(1), '-e', script], {
    encoding: 'utf8',
    cwd: '/',
  });
  const [file = '', size] = stdout.trim().split(' ');
  expect({ stderr, size: Number(size) > 100_000 }).toEqual({ stderr: '', size: true });
  expect(path.dirname(file)).toMatch(/holdfast-bundle-/);
  expect(existsSync(path.dirname(file))).toBe(false);
  expect(existsSync(path.join(folder, 'dist/workflow-bundle.js'))).toBe(false);
});
