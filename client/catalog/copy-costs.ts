/** `replicate --dry-run`: what would be sent, by the catalogs alone. */
import type { BackupHead } from '../../domain/backup';
import { storeNames } from '../../domain/config/names';
import type { Config, LoadedConfig } from '../../domain/config/types';
import { formatBytes } from '../../domain/config/units';
import { HoldfastError } from '../../domain/errors';
import { isPoint } from '../../domain/recovery-points';
import { type CopyCost, copyCost } from '../../domain/replication/cost';
import { type Holding, isHeld, lackingCopies } from '../../domain/replication/wanted';
import type { Outcome } from '../context';
import { table } from '../output/table';
import { holdingsOf } from './copies';
import { withRepository } from './open';

interface Asked {
  sites: string[];
  /** Absent: all that the tiers want. */
  backup?: string;
  stores?: string[];
}

export async function estimateCopies(loaded: LoadedConfig, asked: Asked): Promise<Outcome> {
  const holdings = await withRepository(loaded, holdingsOf);
  const costs = asked.sites.flatMap((site) => costsOf(loaded, site, asked, holdings));
  return { json: costs, text: costs.length === 0 ? 'nothing would be copied' : tableOf(costs) };
}

function costsOf({ config }: LoadedConfig, site: string, { backup, stores }: Asked, holdings: Holding[]): CopyCost[] {
  if (backup === undefined) {
    const lacking = lackingCopies(config, site, holdings, stores);
    return lacking.flatMap(({ backupId, to }) =>
      to.flatMap((store) => costOf(config, holdings, backupId, store) ?? []),
    );
  }
  const head = named(site, backup, holdings);
  const tier = head.tier === undefined ? undefined : config.tiers[head.tier];
  const withRole = storeNames(config).filter((name) => config.stores[name]?.role !== undefined);
  const to = stores ?? tier?.copies?.to ?? withRole;
  const members = [...(head.chain ?? []), head.id];
  return to.flatMap((store) =>
    members.flatMap((id) => (holds(holdings, store, id) ? [] : (costOf(config, holdings, id, store) ?? []))),
  );
}

function costOf(config: Config, holdings: Holding[], id: string, store: string): CopyCost | undefined {
  const source = holdings.find((one) => one.store !== store && holds(holdings, one.store, id));
  const found = source?.heads.find((head) => head.id === id);
  return source && found && copyCost(found, source.store, store, config);
}

function holds(holdings: Holding[], store: string, id: string): boolean {
  const there = holdings.find((one) => one.store === store)?.heads.find((head) => head.id === id);
  return there !== undefined && isHeld(there);
}

/** @throws HoldfastError `backup_not_found` */
function named(site: string, backup: string, holdings: Holding[]): BackupHead {
  const completed = holdings.flatMap(({ heads }) => heads).filter((head) => head.status === 'completed');
  const own = completed.filter((head) => head.site === site).sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
  const found = own.findLast((head) => (backup === 'latest' ? !isPoint(head) : head.id === backup));
  if (found) return found;
  throw new HoldfastError('backup_not_found', `there is no completed backup ${backup} of ${site}`, {
    hints: ['holdfast list shows what there is'],
  });
}

function tableOf(costs: CopyCost[]): string {
  const rows = costs.map((one) => [
    one.backupId,
    one.store,
    one.region ?? '',
    one.way,
    String(one.packs),
    formatBytes(one.storedBytes),
    String(one.requests),
    String(one.reads),
  ]);
  const head = ['BACKUP', 'TO', 'REGION', 'HOW', 'PACKS', 'BYTES', 'REQUESTS', 'READS'];
  return table(head, rows, ['PACKS', 'BYTES', 'REQUESTS', 'READS']);
}
