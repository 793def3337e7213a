/** Which backup of another site a recovery test takes over, and what it says where that cannot be told. Real stores in folders, one of which may be away. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { SiteContext } from '../../../activities/context';
import type { ScenarioPlan } from '../../../activities/verify/contracts';
import { planScenario } from '../../../activities/verify/scenario';
import { parseConfig } from '../../../domain/config/parse';
import { HoldfastError, reportError } from '../../../domain/errors';
import { verdictOf } from '../../../domain/verification/verdict';
import { putHead } from '../../../repository/heads';
import { DirStore } from '../../../repository/stores/dir';
import { folder, makeBackup, removeAll } from '../../repository/made';

const ids = ['shop_dc01_full_20260101_000000', 'shop_dc02_full_20260102_000000'] as const;

let dir: string;
const contexts: SiteContext[] = [];

function contextOf(site: string, key = 'master.key'): SiteContext {
  const text = `system: shop
sites:
  dc01: { components: { config: { kind: files, paths: [/etc] } } }
  dc02: { components: { config: { kind: files, paths: [/etc] } } }
stores: { hot: { kind: dir, path: ${dir}/hot }, far: { kind: dir, path: ${dir}/far } }
encryption: { keyFile: ${dir}/${key} }
`;
  const loaded = parseConfig(text, path.join(dir, 'holdfast.yaml'), {});
  const context = new SiteContext({ loaded, site, processQueue: 'none' });
  contexts.push(context);
  return context;
}

async function plan(context: SiteContext): Promise<ScenarioPlan> {
  const request = { site: context.site, scenario: 'cross_site_recovery', backup: 'latest' } as const;
  return await new MockActivityEnvironment().run(() => planScenario(context, request));
}

/** What it says of whatever it is asked from now on. */
function farIsAway(): void {
  const { get } = DirStore.prototype;
  jest.spyOn(DirStore.prototype, 'get').mockImplementation(async function (this: DirStore, ...given) {
    if (this.name === 'far') throw new HoldfastError('store_unavailable', 'nobody answers there');
    return await get.apply(this, given);
  });
}

beforeAll(async () => {
  dir = await folder();
  for (const key of ['master.key', 'other.key']) {
    writeFileSync(path.join(dir, key), `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  }
  const repository = await contextOf('dc01').repository({ create: true });
  const [own, foreign] = ids;
  const [hot, far] = [repository.copy('hot'), repository.copy('far')];
  await putHead(hot, { ...(await makeBackup(hot, own)), site: 'dc01' });
  await putHead(far, { ...(await makeBackup(far, own)), site: 'dc01' });
  await putHead(far, { ...(await makeBackup(far, foreign)), site: 'dc02' });
});
afterEach(() => jest.restoreAllMocks());
afterAll(async () => {
  for (const context of contexts) await context.close();
  await removeAll();
});

test('another site’s backup is taken from the store that has it, and both sites are named', async () => {
  expect(await plan(contextOf('dc01'))).toMatchObject({
    ...{ backupId: ids[1], onlyStore: 'far' },
    chosen: `${ids[1]} of dc02, restored at dc01 from far`,
  });
});

test('while a store is away that may hold it, it could not run, and says which', async () => {
  farIsAway();
  const failure = reportError(await plan(contextOf('dc01')).catch((error: unknown) => error));
  expect(failure).toMatchObject({
    code: 'store_unavailable',
    message: expect.stringMatching(/dc02 .*far did not answer/),
  });
  expect(verdictOf(failure.code)).toBe('could_not_run');
  // What was found elsewhere is taken, and what may be newer there is said.
  expect(await plan(contextOf('dc02'))).toMatchObject({
    backupId: ids[0],
    warnings: [expect.stringContaining('far did not answer')],
  });
});

test('with another key nothing is told of any site: it could not run', async () => {
  const failure = reportError(await plan(contextOf('dc01', 'other.key')).catch((error: unknown) => error));
  expect(failure.code).toBe('key_wrong');
  expect(verdictOf(failure.code)).toBe('could_not_run');
});
