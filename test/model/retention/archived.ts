/** Judges what a run of retention has archived: only what may not be deleted, and what nobody wants for its own sake. */
import type { BackupHead } from '../../../domain/backup';
import { isAhead, isLocked, wanted } from './promises';
import type { Seen } from './snapshot';
import type { World } from './world';

interface Run {
  age?: number;
  below?: Seen;
}

/** What was marked before is judged by the run that marked it, or took the mark away. */
export function archived(world: World, was: Seen, is: Seen, { age, below }: Run, say: (what: string) => void): void {
  const marked = [...is.heads.values()].filter(({ id, archived }) => archived && !was.heads.get(id)?.archived);
  for (const head of marked) {
    const because = (why: string) => say(`${head.id} is archived, although ${why}`);
    const why = wanted(world, is, head, age, below);
    if (why !== undefined) because(why);
    if (head.status !== 'completed') because(`it is ${head.status}`);
    if (was.leased.has(head.id) && is.leased.has(head.id)) because('somebody uses it');
    if (isNewest(world, is, head)) because('it is the last of a component');
    const upon = [...is.heads.values()].filter(
      ({ chain, status }) => status === 'completed' && chain?.includes(head.id),
    );
    const reader = upon.find(({ id, archived }) => was.heads.has(id) && !archived);
    if (reader) because(`${reader.id} builds upon it`);
    const forced = [head, ...upon].some((one) => world.held.has(one.id) || isLocked(one, world.now));
    if (!forced) because('it may be deleted');
  }
}

/** Of its site, by what is true. */
export function isNewest(world: World, { heads }: Pick<Seen, 'heads'>, head: BackupHead): boolean {
  const at = ({ id }: BackupHead) => world.truths.get(id)?.at ?? 0;
  const peers = [...heads.values()].filter(
    (one) => one.site === head.site && one.status === 'completed' && !one.marks && !isAhead(one, world.now),
  );
  if (head.marks || isAhead(head, world.now)) return false;
  return Object.keys(head.components).some((name) =>
    peers.every((one) => one.id === head.id || one.components[name] === undefined || at(one) < at(head)),
  );
}
