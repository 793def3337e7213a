/** A site with directories for stores, of which a test may put something around: for activities that need no engine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { SiteContext } from '../../activities/context';
import { parseConfig } from '../../domain/config/parse';
import type { Store } from '../../repository/store';

const folder = mkdtempSync(path.join(tmpdir(), 'hf-site-'));
const contexts: SiteContext[] = [];
process.env['XDG_STATE_HOME'] = path.join(folder, 'state');

/** For `afterAll`. */
export async function closeSites(): Promise<void> {
  await Promise.all(contexts.map((context) => context.close()));
  rmSync(folder, { recursive: true, force: true });
}

/** The repository is made at the first opening to write. @param around what stands between the activities and each store */
export function siteWith(stores: string[], around: (store: Store) => Store = (store) => store): SiteContext {
  const home = mkdtempSync(path.join(folder, 'site-'));
  const named = stores.map((name) => `  ${name}: { kind: dir, path: ${path.join(home, name)} }`).join('\n');
  const text = `system: shop\nsites: { dc01: { components: { config: { kind: files, paths: [${home}] } } } }\nstores:\n${named}\n`;
  const loaded = parseConfig(text, path.join(home, 'holdfast.yaml'), {});
  const context = new SiteContext({ loaded, site: 'dc01', processQueue: 'none' });
  contexts.push(context);
  const open = context.repository.bind(context);
  context.repository = async (options) => {
    const repository = await open(options);
    for (const [at, copy] of repository.copies.entries())
      repository.copies[at] = { ...copy, store: around(copy.store) };
    return repository;
  };
  return context;
}

export async function inRun<T>(work: () => Promise<T>): Promise<T> {
  const environment = new MockActivityEnvironment({
    workflowExecution: { workflowId: 'work/shop/dc01', runId: 'one' },
  });
  return (await environment.run(work)) as T;
}
