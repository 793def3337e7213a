/** An older backup moves into an archive; its restore is one procedure: it asks for what is frozen, waits through a kill -9, and goes on. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ProcedureResult } from '../../domain/progress';
import { ArchiveProxy } from '../support/archive-proxy';
import { endOf, TestSystem, type Up } from '../support/system';

let system: TestSystem;
let archive: ArchiveProxy;
let up: Up;
let near: string;

beforeAll(async () => {
  system = await TestSystem.create({
    store: 's3',
    between: async ({ endpoint }) => {
      archive = await ArchiveProxy.to(endpoint, 6_000);
      return archive.endpoint;
    },
    configure: (config) => {
      const { dc01 } = config['sites'] as { dc01: { components: Record<string, unknown> } };
      delete dc01.components['database'];
      const { hot } = config['stores'] as { hot: object };
      config['stores'] = {
        near: { kind: 'dir', path: 'near' },
        deep: { ...hot, thaw: { wait: '2m' } },
      };
      config['tiers'] = { daily: { to: ['near', 'deep'], move: [{ after: '1s', class: 'DEEP_ARCHIVE' }] } };
    },
    files: (folder) => writeFileSync(path.join(folder, 'app.conf'), 'frozen = true\n'),
  });
  near = path.join(system.dir, 'near');
  up = await system.up();
});

afterAll(async () => {
  await up?.stop();
  await system?.destroy();
  await archive?.close();
});

test('what moved into the archive is restored when everything else is lost', async () => {
  const backup = await system.procedure('backup', '--tier', 'daily');
  const newer = await system.procedure('backup', '--tier', 'daily');
  expect([backup.error, newer.error]).toEqual([undefined, undefined]);
  const id = backup.backupId as string;
  const said = await system.procedure('move', '--dry-run');
  expect(said.warnings).toEqual([`would move ${id} in deep to DEEP_ARCHIVE`]);
  expect(archive.frozen.size).toBe(0);
  expect((await system.procedure('move')).error).toBeUndefined();
  expect((await system.procedure('move')).warnings).toEqual([]);
  // The newest stays at hand, and so does everything but packs.
  expect([...archive.frozen.keys()].every((key) => key.includes(`/${id}/packs/`))).toBe(true);
  expect(archive.frozen.size).toBeGreaterThan(0);
  for (const name of readdirSync(near)) rmSync(path.join(near, name), { recursive: true });

  const dry = await system.procedure('restore', id, '--dry-run', '--to', path.join(system.dir, 'dry'));
  expect(dry.error).toBeUndefined();
  expect(dry).toMatchObject({ exit: 0, status: 'completed' });
  expect(dry.warnings).toContainEqual(expect.stringMatching(/DEEP_ARCHIVE in deep: .* up to 2d \(Bulk\)/));
  expect(archive.asked).toBe(0);

  const to = path.join(system.dir, 'back');
  const child = system.spawn(['restore', id, '--to', to, '--json', '--yes']);
  const end = endOf(child);
  await system.until(async () => (archive.asked > 0 ? true : undefined), 60_000);
  await up.kill9();
  // One froze again before it was read, as after a thaw that lasted too short.
  const [again] = archive.frozen.values();
  if (again !== undefined) delete again.readableAt;
  const before = archive.asked;
  up = await system.up();
  const { stdout } = await end;
  const result = JSON.parse(stdout) as ProcedureResult;
  expect(result).toMatchObject({ status: 'completed' });
  expect(archive.asked).toBe(Math.max(archive.frozen.size, before + 1));
  expect(readFileSync(path.join(to, 'config', system.filesDir, 'app.conf'), 'utf8')).toBe('frozen = true\n');
});
