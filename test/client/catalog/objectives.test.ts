import { filesPoints } from '../../../client/catalog/files-points';
import { measuredOf, objectivesSay } from '../../../client/catalog/objectives';
import type { BackupHead } from '../../../domain/backup';
import { parseConfig } from '../../../domain/config/parse';
import type { Measured } from '../../../domain/promised';

const { config } = parseConfig(
  `system: shop
sites:
  dc01:
    components:
      database: { kind: postgres, connection: host=a, dataDir: /a, objectives: { rto: 10s } }
      files: { kind: files, paths: [/etc] }
      papers: { kind: files, paths: [/srv], objectives: { rpo: 1h } }
objectives: { rpo: 5s }
`,
  '/c/holdfast.yaml',
);
const say = (measured: Measured[], hasBackup = true) => objectivesSay(config, ['dc01'], measured, () => hasBackup);
const at = (component: string, store: string, rpoSeconds?: number, seconds?: number): Measured => ({
  ...{ site: 'dc01', component, store, rpoSeconds },
  ...(seconds !== undefined && {
    rto: { seconds, dataSeconds: 0, walSeconds: 0, bytes: 0, walBytes: 0, restsOn: 'the last backup' },
  }),
});

test('what is missed names the component and how far it is off; files answer for their own objective alone', () => {
  const measured = [at('database', 'hot', 7), at('files', 'hot', 9999), at('papers', 'hot', 7200)];
  expect(say(measured).problems).toEqual([
    'the recovery point objective of 5s is missed for database (dc01): the stores are 7s behind',
    'the recovery point objective of 1h is missed for papers (dc01): its newest backup is 2h old',
  ]);
  expect(say([at('database', 'hot', 1)]).problems).toEqual([
    'the recovery point objective of 1h is missed for papers (dc01): nothing of it is stored',
  ]);
});

test('before the first backup of a site no recovery point is judged', () => {
  expect(say([], false)).toEqual({ problems: [], warnings: [] });
});

test('one store that takes too long is told, and a problem when no other would do', () => {
  const [slow, quick] = [at('database', 'warm', 1, 20), at('database', 'hot', 1, 5)];
  const papers = at('papers', 'hot', 0);
  const text =
    'the recovery time objective of 10s is missed for database (dc01): a restore from warm would take about 20s, by the last backup';
  expect(say([slow, quick, papers])).toEqual({ problems: [], warnings: [text] });
  expect(say([slow, papers])).toEqual({ problems: [text], warnings: [] });
});

test('files are measured in each store by its newest backup there, and the best is the component’s', () => {
  const papers = { kind: 'files' as const, runs: 1, packs: 1, files: 1, bytes: 100, storedBytes: 50, warnings: [] };
  const head = (id: string, startedAt: string, stores: string[]): BackupHead => ({
    ...{ id, system: 'shop', site: 'dc01', type: 'full', status: 'completed', startedAt, seconds: 10, stores },
    ...{ components: { papers }, bytes: 100, storedBytes: 50, location: '' },
  });
  const heads = [head('a', '2026-01-01T00:00:00Z', ['hot', 'warm']), head('b', '2026-01-01T01:00:00Z', ['hot'])];
  const points = filesPoints({ site: 'dc01', name: 'papers' }, heads, [], new Date('2026-01-01T01:30:00Z'));
  expect(points).toMatchObject({ rpoSeconds: 1800, rto: { bytes: 100, restsOn: 'the last backup' } });
  expect(measuredOf([points])).toEqual([
    expect.objectContaining({ component: 'papers', store: 'hot', rpoSeconds: 1800 }),
    expect.objectContaining({ component: 'papers', store: 'warm', rpoSeconds: 5400 }),
  ]);
  const none = filesPoints({ site: 'dc01', name: 'papers' }, [], [], new Date());
  expect(none.rpoSeconds).toBeUndefined();
  expect(none.copies).toBeUndefined();
});
