/** Copies that are altered or lose objects behind our back: found, repaired from a good copy, and said; and a copier that is killed in the middle. */
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BackupHead } from '../../domain/backup';
import { backupReplicationWorkflowId } from '../../domain/replication/requests';
import { filesBelow, flipByte } from '../repository/made';
import { type Regions, startRegions } from '../support/regions';
import { Rig } from './rig';

let regions: Regions;
let rig: Rig;
let id: string;

beforeAll(async () => {
  const files = (folder: string) => {
    for (const n of [1, 2, 3]) writeFileSync(path.join(folder, `noise-${n}`), randomBytes(40 * 2 ** 20));
  };
  regions = await startRegions({ files, configure: bare });
  rig = await Rig.over(regions.system);
  const { result } = await rig.run({
    ...{ type: 'backup', workflowId: 'backup/sys/dc01', summary: '' },
    request: { site: 'dc01', tier: 'daily', type: 'full', upload: true },
  });
  expect(result.error).toBeUndefined();
  id = result.backupId as string;
}, 180_000);
afterAll(async () => {
  if (rig === undefined) return await regions?.destroy();
  await rig.destroy();
  await regions.stopServers();
});

/** No database: the copying is looked at. */
function bare(config: Record<string, unknown>): void {
  const { dc01 } = config['sites'] as { dc01: { components: Record<string, unknown> } };
  delete dc01.components['database'];
  const { dr } = config['stores'] as { dr: object };
  Object.assign(dr, { bandwidthLimit: '160Mbps' });
}

function order(...stores: string[]) {
  const request = { site: 'dc01', backup: id, stores };
  const workflowId = backupReplicationWorkflowId('sys', 'dc01', id);
  return { type: 'replicateBackup' as const, workflowId, request, summary: '' };
}

async function packsOf(store: 'west' | 'dr' | 'apac'): Promise<string[]> {
  const folder = path.join(regions.folderOf(store), 'backups', id, 'packs');
  return (await filesBelow(folder)).map((one) => path.join(folder, one.path)).sort();
}

async function headIn(store: 'west' | 'dr' | 'apac'): Promise<BackupHead> {
  const [head] = await filesBelow(path.join(regions.folderOf(store), 'catalog', 'heads'));
  return JSON.parse(String(head?.bytes)) as BackupHead;
}

test('a copier that is killed goes on: what is stored is not sent again', async () => {
  const total = (await filesBelow(path.join(regions.system.storeDir, 'backups', id, 'packs'))).length;
  const late = await rig.run(order('west'), { when: 'after', activity: 'replicateRun', nth: 1 });
  expect(late.result.copies).toMatchObject([{ store: 'west', outcome: 'copied', packs: 0, repaired: 0 }]);
  expect((await packsOf('west')).length).toBe(total);
  expect(await headIn('west')).toMatchObject({ status: 'completed', proofs: [{ level: 'quick', outcome: 'passed' }] });
  // One pack goes at once, the next after one and a half seconds: the limit of this store.
  const cut = await rig.run(order('dr'), { when: 'middle', activity: 'replicateRun', nth: 1, afterMs: 2500 });
  expect(cut.result.error).toBeUndefined();
  expect(cut.result.copies?.[0]?.packs).toBeLessThan(total);
  expect((await packsOf('dr')).length).toBe(total);
}, 240_000);

test('objects that a copy has altered or lost are found, put right from another, and told', async () => {
  const [altered, lost] = await packsOf('west');
  await flipByte(altered as string);
  rmSync(lost as string);
  // Verification found it: so it stands in the entry of that copy alone.
  const head = await headIn('west');
  const proof = { level: 'full', at: new Date().toISOString(), seconds: 1, outcome: 'failed' };
  const file = path.join(regions.folderOf('west'), 'catalog', 'heads', `${id}.json`);
  writeFileSync(file, JSON.stringify({ ...head, proofs: [...(head.proofs ?? []), proof] }));
  const { result } = await rig.run(order('west'));
  expect(result.error).toBeUndefined();
  expect(result.copies).toMatchObject([{ store: 'west', outcome: 'copied', packs: 2, repaired: 1 }]);
  expect(result.warnings).toContainEqual(
    expect.stringMatching(/packs\/[0-9a-f]+ was damaged in west and was repaired from hot/),
  );
  expect((await headIn('west')).proofs).toMatchObject([{ level: 'quick', outcome: 'passed' }]);
  const checked = await regions.system.cli('replicate', id, '--regions', 'west', '--json');
  expect(JSON.parse(checked.stdout)).toMatchObject({ copies: [{ outcome: 'there', packs: 0, repaired: 0 }] });
}, 240_000);

test('a source that is altered is not spread: within the service too, what comes is what was written', async () => {
  const [altered] = await packsOf('west');
  await flipByte(altered as string);
  const { result } = await rig.run(order('apac'));
  expect(result.error).toBeUndefined();
  expect(result.copies).toMatchObject([{ store: 'apac', outcome: 'copied' }]);
  const [fromHot, inApac] = await Promise.all([
    filesBelow(path.join(regions.system.storeDir, 'backups', id, 'packs')),
    filesBelow(path.join(regions.folderOf('apac'), 'backups', id, 'packs')),
  ]);
  expect(inApac.map(({ bytes }) => bytes.length)).toEqual(fromHot.map(({ bytes }) => bytes.length));
  for (const [at, { bytes }] of inApac.entries()) expect(Buffer.compare(bytes, fromHot[at]?.bytes as Buffer)).toBe(0);
}, 240_000);
