/** Which copy of which backup is verified, and what that will cost. */
import type { SealedManifest } from '../../domain/backup';
import { HoldfastError } from '../../domain/errors';
import { parseLsn, segmentOf } from '../../domain/lsn';
import type { VerifyRequest } from '../../domain/verification/requests';
import { chainManifests } from '../backup/parent';
import type { SiteContext } from '../context';
import { holdBackup, untilHeld } from '../leases/hold';
import { chooseBackup } from '../restore/choose';
import { linkRuns } from '../restore/resolve';
import type { VerifyCost, VerifyJob } from './contracts';

/** Key, head, sealed and plain manifest, checksums: of each backup of the chain, some of them twice. */
const documentRequests = 8;

export async function findBackup(context: SiteContext, request: VerifyRequest): Promise<VerifyJob> {
  const { config, site } = context;
  const { store, level } = request;
  if (store !== undefined && config.stores[store] === undefined) throw unknownStore(store, Object.keys(config.stores));
  const only = store === undefined ? context : context.withStore(store);
  const { copy, manifest } = await untilHeld(async () => {
    const chosen = await chooseBackup(only, request.backup, { kind: 'latest' });
    const { backupId: id, chain } = chosen.manifest;
    await holdBackup(chosen.copy, { id, chain: chain?.map((link) => link.backupId) }, 'verify');
    return chosen;
  });
  const links = await chainManifests(copy, manifest.chain);
  const summaries = summariesOf([...links, manifest]);
  const trusted = level === 'quick' && config.verification.trust.includes(copy.store.name);
  return {
    ...{ site, system: config.system, backupId: manifest.backupId, store: copy.store.name },
    components: Object.entries(manifest.components).map(([name, { summary }]) => ({
      name,
      runs: summary.runs,
      ...(manifest.chain && { links: linkRuns(links, name) }),
    })),
    bytes: summaries.reduce((sum, one) => sum + one.bytes, 0),
    packs: summaries.reduce((sum, one) => sum + one.packs, 0),
    jobs: config.parallelJobs,
    limit: config.verification.limit,
    ...((store !== undefined || getsAllWal(context, copy.store.name)) && { onlyStore: copy.store.name }),
    repair: request.repair ?? config.verification.repair,
    ...(trusted && { trusted }),
    cost: costOf([...links, manifest], { trusted, withWal: level !== 'quick' }),
  };
}

/** Then nothing of another store is needed to restore what lies here. */
function getsAllWal({ config, site }: SiteContext, store: string): boolean {
  const databases = Object.values(config.sites[site]?.components ?? {});
  return databases.every((one) => one.kind !== 'postgres' || one.wal.to.includes(store));
}

/** Lists of WAL and the store's clock come on top: a handful. */
function costOf(manifests: SealedManifest[], { trusted, withWal }: { trusted: boolean; withWal: boolean }): VerifyCost {
  const summaries = summariesOf(manifests);
  const sum = (amount: 'packs' | 'runs' | 'storedBytes') => summaries.reduce((all, one) => all + one[amount], 0);
  const indexes = manifests.flatMap(({ components }) => Object.values(components).flatMap((one) => one.indexes));
  const wal = withWal ? walOf(manifests.at(-1)) : { requests: 0, bytes: 0 };
  // The structure is read from the same indexes once more, and what is inherited from those of the whole chain.
  const indexReads = withWal ? (manifests.length > 1 ? 3 : 2) : 1;
  return {
    requests: sum('packs') + indexReads * sum('runs') + documentRequests * manifests.length + wal.requests,
    bytes:
      (trusted ? 0 : sum('storedBytes')) + indexReads * indexes.reduce((all, { bytes }) => all + bytes, 0) + wal.bytes,
  };
}

/** Of the backup itself: what makes it consistent. */
function walOf(manifest: SealedManifest | undefined): VerifyCost {
  let cost: VerifyCost = { requests: 0, bytes: 0 };
  for (const { postgres } of Object.values(manifest?.components ?? {})) {
    if (!postgres) continue;
    const { startLsn, stopLsn, segmentSize } = postgres;
    const segments =
      Number(segmentOf(parseLsn(stopLsn) - 1n, segmentSize) - segmentOf(parseLsn(startLsn), segmentSize)) + 1;
    cost = { requests: cost.requests + segments, bytes: cost.bytes + segments * segmentSize };
  }
  return cost;
}

function summariesOf(manifests: SealedManifest[]) {
  return manifests.flatMap(({ components }) => Object.values(components).map(({ summary }) => summary));
}

function unknownStore(store: string, known: string[]): HoldfastError {
  return new HoldfastError('usage', `there is no store "${store}" in the configuration`, {
    hints: [`known: ${known.join(', ')}`],
  });
}
