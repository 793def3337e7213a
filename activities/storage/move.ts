/**
 * Moving backups down: to a colder class of the same store, where the documents stay at hand and only packs move, or to another store, by the steps of
 * copying; what has been copied goes from where it was when retention has seen that the copy is whole.
 */
import { cancellationSignal, heartbeat, log } from '@temporalio/activity';
import type { Config } from '../../domain/config/types';
import { dueClassMoves, type ToldMove } from '../../domain/moves';
import { targetsFor } from '../../domain/notifications/targets';
import { dueStoreMoves } from '../../domain/retention/due-moves';
import type { SeenStore } from '../../domain/retention/moved';
import { isFrozenClass } from '../../domain/storage';
import { movesBetweenStores } from '../../domain/store-moves';
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
  const seen: SeenStore[] = [];
  for (const copy of copies) {
    const { classes, name: store } = copy.store;
    if (classes === undefined && !movesBetweenStores(config)) continue;
    const { heads } = await listHeads(copy, cancellationSignal());
    const now = (await copy.store.clock()).getTime();
    seen.push({ store, heads, now });
    if (classes !== undefined)
      moves.push(...dueClassMoves(config, { site, store, heads, now }).map((one) => ({ ...one, site, store })));
  }
  const due = dueStoreMoves(config, site, seen);
  const rest = [moves, due.copies].map((all) => Math.max(0, all.length - perRun));
  const told = withListeners(config, seen);
  return {
    ...{ system: config.system, moves: told(moves.slice(0, perRun)), copies: told(due.copies.slice(0, perRun)) },
    ...{ again: due.again.slice(0, perRun), later: rest.reduce((sum, count) => sum + count) },
  };
}

/** Each with those who hear of it. */
function withListeners(config: Config, seen: SeenStore[]) {
  const heads = new Map(seen.flatMap((view) => view.heads).map((head) => [head.id, head]));
  return <T extends { backupId: string }>(moves: T[]): (T & { told?: ToldMove })[] =>
    moves.map((one) => {
      const { tier, storedBytes = 0 } = heads.get(one.backupId) ?? {};
      const targets = targetsFor(config, tier);
      return targets.length === 0 ? one : { ...one, told: { targets, storedBytes } };
    });
}

/**
 * False: somebody reads it just now, and it is left for another run. Before the first pack freezes the head says so: whoever chooses a copy to read
 * passes one by of which half is in an archive.
 */
export async function moveClass(context: SiteContext, order: MoveOrder): Promise<boolean> {
  const { backupId, store, class: storageClass } = order;
  const copy = (await context.repository()).copy(store);
  const { classes } = copy.store;
  if (classes === undefined) return false;
  const signal = cancellationSignal();
  let keys: string[] = [];
  let told = !isFrozenClass(storageClass);
  const isRead = async () => isFrozenClass(storageClass) && (await standingLeases(copy, backupId)).length > 0;
  const flush = async () => {
    signal.throwIfAborted();
    if (!told) await putHead(copy, { ...(await getHead(copy, backupId)), movingTo: storageClass });
    told = true;
    await Promise.all(keys.map((key) => classes.changeClass(key, storageClass)));
    heartbeat(keys.at(-1));
    keys = [];
  };
  for await (const { key } of copy.store.list(`${backupFolder(backupId)}packs/`, { signal })) {
    keys.push(key);
    if (keys.length < atOnce) continue;
    // Asked each time: a restore that begins while thousands of packs move asks for those that are frozen by then, and for no others.
    if (await isRead()) return false;
    await flush();
  }
  if (await isRead()) return false;
  await flush();
  const { movingTo: _, ...head } = await getHead(copy, backupId);
  await putHead(copy, { ...head, storageClass });
  log.info('packs of a backup lie in another class', { backupId, store, storageClass });
  return true;
}
