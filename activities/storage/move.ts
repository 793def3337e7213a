/** Moving backups down to a colder class of the same store. The documents stay where they can be read at once: only packs move. */
import { cancellationSignal, heartbeat, log } from '@temporalio/activity';
import { dueClassMoves } from '../../domain/moves';
import { isFrozenClass } from '../../domain/storage';
import { getHead, listHeads, putHead } from '../../repository/heads';
import { standingLeases } from '../../repository/leases';
import { backupFolder } from '../../repository/names';
import type { SiteContext } from '../context';
import type { MoveOrder, MovePlan } from './contracts';

/** Moves that one run plans: the rest is due in the next. */
const perRun = 100;
const atOnce = 16;

export async function planMoves(context: SiteContext): Promise<MovePlan> {
  const { config, site } = context;
  const moves: MoveOrder[] = [];
  const { copies } = await context.repository();
  for (const copy of copies) {
    const { store } = copy;
    if (store.classes === undefined) continue;
    const { heads } = await listHeads(copy, cancellationSignal());
    const now = (await store.clock()).getTime();
    moves.push(...dueClassMoves(config, { site, heads, now }).map((one) => ({ ...one, site, store: store.name })));
  }
  return { moves: moves.slice(0, perRun), later: Math.max(0, moves.length - perRun) };
}

/** False: somebody reads it just now, and it is left for another run. */
export async function moveClass(context: SiteContext, order: MoveOrder): Promise<boolean> {
  const { backupId, store, class: storageClass } = order;
  const copy = (await context.repository()).copy(store);
  const { classes } = copy.store;
  if (classes === undefined) return false;
  if (isFrozenClass(storageClass) && (await standingLeases(copy, backupId)).length > 0) return false;
  const signal = cancellationSignal();
  let keys: string[] = [];
  const flush = async () => {
    signal.throwIfAborted();
    await Promise.all(keys.map((key) => classes.changeClass(key, storageClass)));
    heartbeat(keys.at(-1));
    keys = [];
  };
  // In the order of their names: the first is the first that cannot be read any more, by which a restore knows.
  for await (const { key } of copy.store.list(`${backupFolder(backupId)}packs/`, { signal })) {
    keys.push(key);
    if (keys.length === atOnce) await flush();
  }
  await flush();
  await putHead(copy, { ...(await getHead(copy, backupId)), storageClass });
  log.info('packs of a backup lie in another class', { backupId, store, storageClass });
  return true;
}
