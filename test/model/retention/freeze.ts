/** What is archived moves into a class that is not read at once, by what ships; what may be read any moment must not lie there. */
import type { BackupHead } from '../../../domain/backup';
import { dueClassMoves } from '../../../domain/moves';
import { isFrozenClass } from '../../../domain/storage';
import { standingLeases } from '../../../repository/leases';
import type { Fault } from './faults';
import { isLocked } from './promises';
import { look } from './snapshot';
import type { World } from './world';

/** @returns what should not have been frozen */
export async function freeze(world: World, site: string, fault: Fault = {}): Promise<string[]> {
  const faults: string[] = [];
  for (const [at, store] of world.stores.entries()) {
    const heads = world.heads(store).map((head) => (fault.freezesLocked ? withoutLock(head) : head));
    const due = dueClassMoves(world.config, { site, store: store.name, heads, now: world.now });
    const moved: string[] = [];
    for (const { backupId, class: storageClass } of due) {
      if ((await standingLeases(world.copyOf(store), backupId)).length > 0) continue;
      const head = world.head(store, backupId);
      if (head) await world.putHead(store, { ...head, storageClass });
      moved.push(backupId);
    }
    const seen = look(world)[at]?.heads ?? new Map<string, BackupHead>();
    faults.push(...moved.flatMap((id) => wrongly(world, seen, id).map((why) => `${id} was frozen, although ${why}`)));
  }
  return faults;
}

function withoutLock({ lock, ...head }: BackupHead): BackupHead {
  return head;
}

function wrongly(world: World, heads: Map<string, BackupHead>, id: string): string[] {
  const head = heads.get(id);
  if (head === undefined) return ['it is not there'];
  const upon = [...heads.values()].filter(({ chain, status }) => status === 'completed' && chain?.includes(id));
  const reader = upon.find(({ storageClass }) => !isFrozenClass(storageClass));
  return [
    ...(head.archived ? [] : ['it is not archived']),
    ...(head.status === 'completed' ? [] : [`it is ${head.status}`]),
    ...(reader ? [`${reader.id} builds upon it`] : []),
    ...([head, ...upon].some((one) => isLocked(one, world.now)) ? ['its locked version stays beside the new one'] : []),
  ];
}
