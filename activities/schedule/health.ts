/**
 * What scheduled work needs before it begins. Reads only: whoever asks twice changes nothing, and a store in which there is no repository yet is
 * reached all the same.
 */
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { emptiedStores } from '../../components/config-file/known-stores';
import { openConfiguredStore } from '../../components/config-file/open-repository';
import { componentOf } from '../../domain/config/names';
import { HoldfastError, reportError } from '../../domain/errors';
import type { Health, HealthQuestion } from '../../domain/schedule/request';
import { readDescription } from '../../repository/establish';
import { checkHealth, jobComponent } from '../backup/begin';
import type { SiteContext } from '../context';

/** Whoever has not answered by then is away. */
const patienceMs = 20_000;

export async function siteHealth(context: SiteContext, question: HealthQuestion): Promise<Health> {
  const [sources, first, ...others] = await Promise.all([
    whatIsWrong(() => checkSources(context, question.components)),
    ...question.stores.map((name) => whatIsWrong(() => reachStore(context, name), `store ${name}: `)),
  ]);
  return { problems: [sources, first].filter(isSaid), warnings: others.filter(isSaid) };
}

async function checkSources(context: SiteContext, names: string[]): Promise<void> {
  const { config, site } = context;
  const components = names.map((name) => jobComponent(name, componentOf(config, site, name)));
  await checkHealth(context, { system: config.system, components });
}

async function reachStore({ config }: SiteContext, name: string): Promise<void> {
  const configured = config.stores[name];
  if (configured === undefined) throw new HoldfastError('usage', `the site's configuration has no store "${name}"`);
  const emptied = emptiedStores(config).get(name);
  if (emptied !== undefined) throw emptied;
  // The first backup makes the folder.
  if (configured.kind === 'dir' && !existsSync(configured.path)) return;
  const store = await openConfiguredStore(name, configured);
  try {
    await readDescription(store);
  } finally {
    await store.close();
  }
}

async function whatIsWrong(look: () => Promise<unknown>, what = ''): Promise<string | undefined> {
  const giveUp = new AbortController();
  const late = delay(patienceMs, `no answer within ${patienceMs / 1000} seconds`, { signal: giveUp.signal });
  const looking = look().then(
    () => undefined,
    (error: unknown) => reportError(error).message,
  );
  const wrong = await Promise.race([looking, late.catch(() => undefined)]);
  giveUp.abort();
  return wrong === undefined ? undefined : `${what}${wrong}`;
}

function isSaid(text: string | undefined): text is string {
  return text !== undefined;
}
