/**
 * Backups of databases that do not say which system they are of, as heads of earlier versions. Any archive of WAL may be what they are replayed with, whatever
 * their component is called and wherever they were made: while one of them is there, nobody can tell which WAL is needed.
 */
import type { BackupHead } from '../backup';

type Told = Pick<BackupHead, 'status' | 'components' | 'databases'>;

/** One that is being made has a lease on its WAL and says it in the end; one that failed needs none. */
export function doesNotTell({ status, components, databases }: Told): boolean {
  if (status !== 'completed' && status !== 'expired') return false;
  return Object.entries(components).some(([name, { kind }]) => kind === 'postgres' && databases?.[name] === undefined);
}

/** For people; of many one. */
export function untoldSay(heads: BackupHead[]): string[] {
  const untold = heads.filter(doesNotTell);
  const [first] = untold;
  if (first === undefined) return [];
  const others = untold.length === 1 ? '' : ` and ${untold.length - 1} more`;
  return [
    `${first.id}${others} (${first.site}) cannot say which database system it is of: all WAL stays as long as it is there`,
  ];
}
