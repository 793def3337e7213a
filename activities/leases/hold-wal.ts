/** Leases of the WAL of a database: what a replay will need from its backup on, and what a backup that is being made needs from now on. */
import { type LeaseKind, walLeaseId } from '../../domain/leases';
import { formatLsn, parseLsn } from '../../domain/lsn';
import type { RepositoryCopy } from '../../repository/copy';
import { takeLease } from '../../repository/leases';
import { WalArchive } from '../../repository/wal/archive';
import { walObjects } from '../../repository/wal/bind';
import { systemsOf } from '../../repository/wal/marks';
import { livedOn } from '../../repository/wal/remove';
import type { SiteContext } from '../context';
import { holderOf, leaseMs } from './hold';

interface Need {
  systemIdentifier: string;
  timeline: number;
  /** LSN. */
  from: string;
}

/** Of a lease on the same WAL the last word counts: a run that needs several stretches takes the widest. */
export async function holdWal(copy: RepositoryCopy, kind: LeaseKind, needs: Need[]): Promise<void> {
  const bySystem = Map.groupBy(needs, ({ systemIdentifier }) => systemIdentifier);
  for (const [systemIdentifier, those] of bySystem) {
    const timeline = Math.min(...those.map((one) => one.timeline));
    const [from = '0/0'] = those.map((one) => one.from).sort(byPosition);
    const backupId = walLeaseId(systemIdentifier);
    await takeLease(copy, { backupId, kind, holder: holderOf(), wal: { timeline, from }, ms: leaseMs });
  }
}

/** From where its archives are marked now. Of a database that was never shipped nothing is stored that could go. */
export async function holdComingWal(
  context: SiteContext,
  copies: RepositoryCopy[],
  components: string[],
): Promise<void> {
  const objects = walObjects(await context.repository());
  for (const copy of copies) {
    const needs: Need[] = [];
    for (const component of components) {
      const owner = { system: copy.system, site: context.site, component };
      for (const systemIdentifier of await systemsOf(copy.store, objects, owner)) {
        const archive = await WalArchive.open(objects, copy.store, systemIdentifier);
        const end = archive && (await livedOn(archive));
        if (end) needs.push({ systemIdentifier, timeline: end.timeline, from: formatLsn(end.from) });
      }
    }
    await holdWal(copy, 'backup', needs);
  }
}

function byPosition(one: string, other: string): number {
  return parseLsn(one) < parseLsn(other) ? -1 : 1;
}
