/**
 * The last stage: WAL. It was planned before anything went, and hours may have passed since: somebody pinned what was to go, or copied an older backup here. So all
 * stores are looked at again, since what one of them keeps may be replayed with the WAL of another, and what either look wants stays.
 */
import type { StorePlan, WalNeed } from '../../domain/retention/types';
import type { RepositoryCopy } from '../copy';
import { makePlan, type RetentionRun } from './stages';

/**
 * @returns what of each system stays; of those that are not among them nothing goes
 * @throws HoldfastError whatever a plan refuses to believe: no WAL goes then
 */
export async function walStage(
  copies: RepositoryCopy[],
  { store, wal }: Pick<StorePlan, 'store' | 'wal'>,
  run: RetentionRun,
): Promise<WalNeed[]> {
  if (wal.length === 0) return [];
  const seen = (await makePlan(copies, run)).find((one) => one.store === store)?.wal ?? [];
  return wal.flatMap((planned) => {
    const now = seen.find(({ systemIdentifier }) => systemIdentifier === planned.systemIdentifier);
    if (now === undefined) return [];
    const [windows, spans] = [distinct(planned.windows, now.windows), distinct(planned.spans, now.spans)];
    return [{ ...planned, windows, spans }];
  });
}

/** Mostly both say the same. */
function distinct<T>(one: T[], other: T[]): T[] {
  return [...new Map([...one, ...other].map((each) => [JSON.stringify(each), each])).values()];
}
