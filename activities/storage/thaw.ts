/**
 * Packs of a restore that lie in an archive: all are asked for, and then looked at in order until every one can be read. Each object is asked
 * itself what it is, since a backup that was moving down when it was needed lies in two classes.
 */
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { isFrozenClass, thawPlan } from '../../domain/storage';
import type { RepositoryCopy } from '../../repository/copy';
import { getHead } from '../../repository/heads';
import { backupFolder } from '../../repository/names';
import type { SiteContext } from '../context';
import type { RestoreJob } from '../contracts';
import type { ThawNeed, ThawPart, ThawProgress } from './contracts';

const atOnce = 16;
/** Objects that one look goes through before it says how far it is. */
const perLook = 5000;

export async function askThaw(context: SiteContext, job: RestoreJob): Promise<{ packs: number }> {
  let packs = 0;
  for (const { copy, backupId } of await backupsOf(context, job)) {
    const { classes } = copy.store;
    const config = context.config.stores[copy.store.name];
    if (classes === undefined || config?.kind !== 's3') continue;
    const { days, tier } = config.thaw;
    await eachPack(copy, backupId, undefined, async (key) => {
      const storageClass = await classes.classOf(key);
      if (!isFrozenClass(storageClass)) return;
      packs++;
      if ((await classes.thawState(key)) === 'frozen')
        await classes.thaw(key, { days, tier: thawPlan(storageClass, tier).tier });
    });
  }
  return { packs };
}

/** How far everything is ready; `after` where the next look begins. What froze again, or was moved down only now, is asked for again. */
export async function thawed(context: SiteContext, { job, after }: ThawPart): Promise<ThawProgress> {
  let packs = 0;
  const [behind, from] = after?.split(' ') ?? [];
  const backups = await backupsOf(context, job);
  const start = Math.max(
    0,
    backups.findIndex(({ id }) => id === behind),
  );
  for (const [at, { copy, backupId, id }] of backups.slice(start).entries()) {
    if (copy.store.classes === undefined) continue;
    let last = at === 0 ? from : undefined;
    for await (const { key } of copy.store.list(packsOf(backupId), { after: last, signal: cancellationSignal() })) {
      const waiting = packs < perLook && !(await isReady(context, copy, key));
      if (waiting || packs >= perLook) return { packs, waiting, after: `${id} ${last ?? packsOf(backupId)}` };
      last = key;
      packs++;
      if (packs % atOnce === 0) heartbeat(packs);
    }
  }
  return { packs };
}

async function isReady({ config }: SiteContext, { store }: RepositoryCopy, key: string): Promise<boolean> {
  const { classes } = store;
  const configured = config.stores[store.name];
  if (classes === undefined || configured?.kind !== 's3') return true;
  const state = await classes.thawState(key);
  if (state !== 'frozen') return state === 'ready';
  const storageClass = await classes.classOf(key);
  const { days, tier } = configured.thaw;
  if (isFrozenClass(storageClass)) await classes.thaw(key, { days, tier: thawPlan(storageClass, tier).tier });
  return false;
}

interface Needed {
  id: string;
  backupId: string;
  copy: RepositoryCopy;
}

/** Each backup that packs come from, once. */
async function backupsOf(context: SiteContext, job: RestoreJob): Promise<Needed[]> {
  const repository = await context.repository();
  const needed = new Map<string, Needed>();
  for (const { from = job, links = [] } of job.components) {
    for (const backupId of [...links.map((link) => link.backupId), from.backupId]) {
      const id = `${from.store}/${backupId}`;
      needed.set(id, { id, backupId, copy: repository.copy(from.store) });
    }
  }
  return [...needed.values()];
}

async function eachPack(
  copy: RepositoryCopy,
  backupId: string,
  after: string | undefined,
  work: (key: string) => Promise<void>,
): Promise<void> {
  const signal = cancellationSignal();
  let some: string[] = [];
  const flush = async () => {
    signal.throwIfAborted();
    await Promise.all(some.map(work));
    heartbeat(some.at(-1));
    some = [];
  };
  for await (const { key } of copy.store.list(packsOf(backupId), { after, signal })) {
    some.push(key);
    if (some.length === atOnce) await flush();
  }
  await flush();
}

function packsOf(backupId: string): string {
  return `${backupFolder(backupId)}packs/`;
}

/**
 * Whether a restore has to wait for an archive: by the class of the first pack of each backup it needs, and of all those of one that is on its way there. Undefined: not at all.
 * @throws HoldfastError `object_not_found`
 */
export async function thawOf(context: SiteContext, job: RestoreJob): Promise<ThawNeed | undefined> {
  let thaw: ThawNeed | undefined;
  for (const { copy, backupId } of await backupsOf(context, job)) {
    const config = context.config.stores[copy.store.name];
    const { classes } = copy.store;
    if (classes === undefined || config?.kind !== 's3') continue;
    const storageClass = await frozenClassOf(copy, backupId);
    if (storageClass === undefined) continue;
    const { tier, ms } = thawPlan(storageClass, config.thaw.tier);
    if (thaw !== undefined && thaw.ms >= ms) continue;
    thaw = { store: copy.store.name, storageClass, tier, ms, wait: config.thaw.wait };
  }
  return thaw;
}

/** The first that cannot be read at once. */
async function frozenClassOf(copy: RepositoryCopy, backupId: string) {
  const { classes } = copy.store;
  const { movingTo } = await getHead(copy, backupId);
  for await (const { key } of copy.store.list(packsOf(backupId), { signal: cancellationSignal() })) {
    const storageClass = await classes?.classOf(key);
    if (isFrozenClass(storageClass) && (await classes?.thawState(key)) !== 'ready') return storageClass;
    // Packs of one backup share a class, unless it is being moved: several at once, and of those the first may have been cut off.
    if (!isFrozenClass(storageClass) && movingTo === undefined) return undefined;
  }
  return undefined;
}
