/**
 * Whether there is a backup of the name that somebody typed, before anything is started for it.
 *
 * Guaranteed: refused is only what no store can have: each was asked and has none of that name, or it is no name of a backup at all. Where a store is away,
 * or belongs to another host, that is told, and the procedure looks for itself. Not guaranteed: that the backup can be restored.
 */
import { openConfiguredRepository } from '../../components/config-file/open-repository';
import { nearestName } from '../../domain/config/nearest';
import type { Config } from '../../domain/config/types';
import { HoldfastError, isHoldfastError } from '../../domain/errors';
import { isBackupId } from '../../domain/ids';
import type { RepositoryCopy } from '../../repository/copy';
import { getHead } from '../../repository/heads';
import type { Repository } from '../../repository/repository';
import { say } from '../output/say';
import { chosenSites, sitesOfBackup } from '../sites';
import { nearBackup } from './near-backup';

/** The sites of a backup that is there, as far as anybody can tell. @throws HoldfastError `usage`, `backup_not_found` with the nearest name */
export async function sitesOfNamed(config: Config, site: string | undefined, named: string): Promise<string[]> {
  if (site !== undefined) chosenSites(config, site);
  await checkNamed(config, named);
  return sitesOfBackup(config, site, named);
}

/** @throws HoldfastError `backup_not_found` with the nearest name */
export async function checkNamed(config: Config, named: string): Promise<void> {
  if (named === 'latest') return;
  if (!isBackupId(named) && nearestName(named, ['latest']) !== undefined) throw notFound(named, 'latest');
  const repository = await opened(config, named);
  if (repository === undefined) return;
  try {
    await lookFor(config, repository, named);
  } finally {
    await repository.close();
  }
}

/** With what somebody may have meant. */
export async function notFoundIn(copies: readonly RepositoryCopy[], named: string): Promise<HoldfastError> {
  return notFound(named, await nearBackup(copies, named));
}

/** Also when a store that may have it does not answer. */
export async function isKnown(copies: readonly RepositoryCopy[], id: string): Promise<boolean> {
  const answers = await Promise.all(copies.map((copy) => isIn(copy, id)));
  return answers.some((one) => one !== 'lacking');
}

async function lookFor(config: Config, { copies, unavailable }: Repository, named: string): Promise<void> {
  const answers = await Promise.all(copies.map((copy) => isIn(copy, named)));
  if (answers.includes('there')) return;
  const away = [
    ...unavailable.map(({ store }) => store.name),
    ...copies.filter((_, at) => answers[at] === 'away').map(({ store }) => store.name),
  ];
  const elsewhere = onOtherHosts(config);
  const refusal = await notFoundIn(copies, named);
  if (!isBackupId(named) || away.length + elsewhere.length === 0) throw refusal;
  const why = away.length > 0 ? `${away.join(', ')} did not answer` : `${elsewhere.join(', ')} may lie on another host`;
  say(`warning: no store that was seen from here has ${named}, and ${why}: the procedure looks for itself`);
  for (const hint of refusal.hints) say(`hint: ${hint}`);
}

/** Undefined: nobody can tell. */
async function opened(config: Config, named: string): Promise<Repository | undefined> {
  try {
    return await openConfiguredRepository(config);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    if (!isBackupId(named)) throw notFound(named);
    if (error.code === 'backup_not_found' && onOtherHosts(config).length === 0) throw error;
    say(
      `warning: whether there is a backup ${named} could not be looked up (${error.message}): the procedure looks for itself`,
    );
    return undefined;
  }
}

/** What is wrong with its entry is for the procedure to judge. */
async function isIn(copy: RepositoryCopy, id: string): Promise<'there' | 'lacking' | 'away'> {
  try {
    await getHead(copy, id);
    return 'there';
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    if (error.code === 'backup_not_found') return 'lacking';
    return error.code === 'catalog_damaged' ? 'there' : 'away';
  }
}

/** Where agents work on hosts of their own, a directory here tells nothing of the one there. */
function onOtherHosts({ temporal, stores }: Config): string[] {
  return temporal === undefined ? [] : Object.keys(stores).filter((name) => stores[name]?.kind === 'dir');
}

function notFound(named: string, near?: string): HoldfastError {
  return new HoldfastError('backup_not_found', `there is no backup ${named}`, {
    hints: [
      ...(near === undefined ? [] : [`did you mean "${near}"?`]),
      'holdfast list shows what there is; after the loss of the catalog: holdfast catalog rebuild',
    ],
  });
}
