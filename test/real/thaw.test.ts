/** An older backup moves into an archive, through a kill -9 in the middle; its restore is one procedure: it asks for what is frozen, waits through a kill -9, and goes on. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CopyFacts, ListedBackup } from '../../domain/catalog/filter';
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
      // A pack of each.
      dc01.components['logs'] = dc01.components['config'];
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

/** With one pack in the archive and the others not. */
async function killHalfway(id: string): Promise<void> {
  archive.freezes = 1;
  const move = endOf(system.spawn(['move', '--json']));
  await system.until(async () => (archive.held > 0 && archive.frozen.size === 1 ? true : undefined), 60_000);
  expect(await deepCopyOf(id)).toMatchObject({ movingTo: 'DEEP_ARCHIVE' });
  await up.kill9();
  archive.freezes = Number.POSITIVE_INFINITY;
  up = await system.up();
  expect(JSON.parse((await move).stdout)).toMatchObject({ status: 'completed' });
  expect(archive.frozen.size).toBeGreaterThan(1);
  const after = await deepCopyOf(id);
  expect([after?.storageClass, after?.movingTo]).toEqual(['DEEP_ARCHIVE', undefined]);
}

async function deepCopyOf(id: string): Promise<CopyFacts | undefined> {
  const { stdout } = await system.cli('list', '--json');
  const listed = JSON.parse(stdout) as ListedBackup[];
  return listed.find((one) => one.id === id)?.copies.find(({ store }) => store === 'deep');
}

test('what moved into the archive is restored when everything else is lost', async () => {
  const backup = await system.procedure('backup', '--tier', 'daily');
  const newer = await system.procedure('backup', '--tier', 'daily');
  expect([backup.error, newer.error]).toEqual([undefined, undefined]);
  const id = backup.backupId as string;
  const said = await system.procedure('move', '--dry-run');
  expect(said.warnings).toEqual([`would move ${id} in deep to DEEP_ARCHIVE`]);
  expect(archive.frozen.size).toBe(0);
  await killHalfway(id);
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
