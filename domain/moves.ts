/** Which backups are old enough to lie elsewhere, by the `move` of their tiers; what is archived belongs into the coldest class at once. */
import { type ClassConfig, classesIn, isColder, mayChange } from './archive-class';
import type { BackupHead } from './backup';
import type { ClassMove } from './config/types-moves';
import { isLocked } from './locks';
import { isFrozenClass } from './storage';
import { classMovesIn } from './store-moves';

export interface DueMove {
  backupId: string;
  /** The class that its packs are to lie in, in the store where they are. */
  class: string;
  /** Who hears of it, and how much it is; absent: nobody. */
  told?: ToldMove;
}

/** Of a move that somebody hears of. */
export interface ToldMove {
  targets: string[];
  storedBytes: number;
}

interface View {
  site: string;
  store: string;
  /** Of one store. */
  heads: BackupHead[];
  /** By the store's clock, in milliseconds. */
  now: number;
}

/**
 * Changes of class in one store, oldest backup first. What is locked stays until its lock ends: changing its class would only store it twice. Into an
 * archive goes only what nothing newer may want to read: the newest backup of a component never, and a chain as a whole. What was cut off on its way into one
 * arrives there, whatever the rules say by now: half of it is frozen, and cannot be copied into any other class.
 */
export function dueClassMoves(config: ClassConfig, { site, store, heads, now }: View): DueMove[] {
  const classesOf = classesIn(config, store);
  const here = heads.filter((head) => head.site === site && head.status === 'completed');
  const newest = newestOf(here);
  const due = new Map<string, DueMove>();
  for (const head of here) {
    const tier = config.tiers[head.tier ?? ''];
    const { own = '', archive = own } = classesOf(head.tier) ?? {};
    const lies = head.storageClass ?? own;
    const byAge = dueMove(head, tier && classMovesIn(tier, store), now)?.class;
    const target = head.archived === undefined ? byAge : archive;
    if (head.movingTo !== undefined) {
      if (!isLocked(head, here, now)) due.set(head.id, { backupId: head.id, class: head.movingTo });
      continue;
    }
    if (target === undefined || !mayChange(lies, target) || isLocked(head, here, now)) continue;
    if (head.archived === undefined || isColder(target, lies)) due.set(head.id, { backupId: head.id, class: target });
  }
  const frozen = (head: BackupHead) => isFrozenClass(due.get(head.id)?.class ?? head.storageClass);
  return here
    .toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1))
    .flatMap((head) => {
      const move = due.get(head.id);
      if (move === undefined || !isFrozenClass(move.class) || head.movingTo !== undefined) return move ?? [];
      const readBy = here.filter(({ id, chain }) => id === head.id || chain?.includes(head.id));
      return readBy.some((one) => newest.has(one.id) || !frozen(one)) ? [] : move;
    });
}

/** Of each component: the next backup may build upon it, and reads it then. */
function newestOf(heads: BackupHead[]): Set<string> {
  const newest = new Map<string, BackupHead>();
  for (const head of heads) {
    for (const name of Object.keys(head.components)) {
      if (head.startedAt > (newest.get(name)?.startedAt ?? '')) newest.set(name, head);
    }
  }
  return new Set([...newest.values()].map(({ id }) => id));
}

/** The one that has come last by the backup's age: they are in the order of age. */
function dueMove({ endedAt, startedAt }: BackupHead, moves: ClassMove[] = [], now: number): ClassMove | undefined {
  const age = now - Date.parse(endedAt ?? startedAt);
  return moves.findLast(({ after }) => age >= after);
}
