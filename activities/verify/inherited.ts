/**
 * What a backup takes of those that it builds upon. It is read out of all indexes of the chain: once, and kept for the runs that follow in this process. Where another
 * process takes the next run, it reads them again and comes to the same.
 */
import type { SealedManifest } from '../../domain/backup';
import { type ChainPlacing, chainPlacing, type RunPlacing } from '../../domain/chain-placing';
import { lackingFiles } from '../../domain/chain-whole';
import { HoldfastError } from '../../domain/errors';
import type { RepositoryCopy } from '../../repository/copy';
import { chainState } from '../backup/changes';
import { chainManifests } from '../backup/parent';
import type { SiteContext } from '../context';
import { manifestOf } from '../restore/job';

export interface Inherited {
  placing: ChainPlacing;
  /** Files of which no backup of the chain holds all: the first, and how many there are. */
  lacking: { first?: string; count: number };
}

/** Short records of every file and slice of a chain: of more chains than a verification looks at they are not kept. */
const kept = 4;
const decided = new Map<string, Promise<Inherited>>();

export async function inheritedBy(copy: RepositoryCopy, manifest: SealedManifest, name: string): Promise<Inherited> {
  const { backupId, chain = [] } = manifest;
  const sealed = chain.map(({ manifestSha256 }) => manifestSha256).join();
  return await once([copy.repositoryId, copy.store.name, backupId, name, sealed].join('/'), async () => {
    const state = await chainState(copy, [...(await chainManifests(copy, chain)), manifest], name);
    const lacking: Inherited['lacking'] = { count: 0 };
    for (const one of lackingFiles(state.all())) {
      lacking.first ??= one;
      lacking.count += 1;
    }
    return { placing: chainPlacing(state.all()), lacking };
  });
}

export interface TakenFrom {
  /** The backup that takes it. */
  of: string;
  from: string;
  store: string;
  component: string;
}

/** Of one run of an older backup: packs, and of each what is taken. */
export async function takenOfRun(
  context: SiteContext,
  { of, from, store, component }: TakenFrom,
  run: number,
): Promise<RunPlacing> {
  const { copy, manifest } = await manifestOf(context, { backupId: of, store }, store);
  const link = (manifest.chain ?? []).findIndex(({ backupId }) => backupId === from);
  if (link < 0) throw new HoldfastError('chain_broken', `${of} does not build upon ${from}`);
  const { placing } = await inheritedBy(copy, manifest, component);
  return placing.get(link)?.get(run) ?? {};
}

/** What failed is tried anew by whoever asks next. */
function once(key: string, decide: () => Promise<Inherited>): Promise<Inherited> {
  const known = decided.get(key);
  if (known !== undefined) return known;
  const oldest = decided.size < kept ? undefined : decided.keys().next().value;
  if (oldest !== undefined) decided.delete(oldest);
  const deciding = decide();
  decided.set(key, deciding);
  deciding.catch(() => decided.delete(key));
  return deciding;
}
