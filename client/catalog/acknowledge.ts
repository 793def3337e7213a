/** Takes note that somebody knows of a gap: it stays in `points`, and no longer makes `status` fail. */
import type { Config } from '../../domain/config/types';
import { HoldfastError } from '../../domain/errors';
import { isLsn, parseLsn } from '../../domain/lsn';
import type { Repository } from '../../repository/repository';
import { walObjects } from '../../repository/wal/bind';
import { acknowledge } from '../../repository/wal/ledger';
import { operator } from '../operator';
import { recoverablePoints } from './points';

interface NamedGap {
  timeline: number;
  fromLsn: string;
  toLsn: string;
}

/** `<timeline>/<from>-<to>`, as `points` prints a gap. @throws HoldfastError `usage` */
export function parseGap(text: string): NamedGap {
  const [, timeline, fromLsn = '', toLsn = ''] = /^(\d+)\/([^-]+)-([^-]+)$/.exec(text) ?? [];
  if (timeline !== undefined && isLsn(fromLsn) && isLsn(toLsn) && parseLsn(fromLsn) < parseLsn(toLsn)) {
    return { timeline: Number(timeline), fromLsn: fromLsn.toUpperCase(), toLsn: toLsn.toUpperCase() };
  }
  throw new HoldfastError('usage', `"${text}" names no gap`, {
    hints: ['write <timeline>/<from>-<to> as "holdfast points" shows it, for example 1/0/3000000-0/5000000'],
  });
}

/** In every store where the gap is. Returns their names. @throws HoldfastError `usage` when there is no such gap */
export async function acknowledgeGap(
  repository: Repository | undefined,
  config: Config,
  sites: string[],
  gap: NamedGap,
): Promise<string[]> {
  const points = await recoverablePoints(repository, config, sites);
  const same = (one: NamedGap) =>
    one.timeline === gap.timeline && one.fromLsn === gap.fromLsn && one.toLsn === gap.toLsn;
  const places = points.filter(({ gaps }) => gaps.some(same));
  if (repository === undefined || places.length === 0) {
    const known = points.flatMap(({ gaps }) => gaps).map((one) => `${one.timeline}/${one.fromLsn}-${one.toLsn}`);
    throw new HoldfastError('usage', `there is no gap ${gap.timeline}/${gap.fromLsn}-${gap.toLsn}`, {
      hints: [known.length === 0 ? 'there is no gap at all' : `gaps here: ${[...new Set(known)].join(', ')}`],
    });
  }
  const objects = walObjects(repository);
  const stretch = { from: parseLsn(gap.fromLsn), to: parseLsn(gap.toLsn) };
  const by = operator();
  for (const { store: name, systemIdentifier = '' } of places) {
    const store = repository.copy(name).store;
    const at = (await store.clock()).toISOString();
    await acknowledge({ store, objects, systemIdentifier }, { timeline: gap.timeline, stretch, by, at });
  }
  return places.map(({ store = '' }) => store);
}
