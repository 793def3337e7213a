/** Whether manifest, indexes, chain and sizes of a backup agree: read from its documents, no pack is touched. */
import { heartbeat } from '@temporalio/activity';
import type { BackupHead, SealedManifest } from '../../domain/backup';
import { HoldfastError } from '../../domain/errors';
import { StructureCheck } from '../../domain/verification/structure';
import type { RepositoryCopy } from '../../repository/copy';
import { getHead } from '../../repository/heads';
import { chainManifests } from '../backup/parent';
import type { SiteContext } from '../context';
import { indexesOf, manifestOf } from '../restore/job';
import type { VerifyJob } from './contracts';
import { inheritedBy } from './inherited';

/** @throws HoldfastError `invalid_backup`, `chain_broken`; what only is counted otherwise comes back as warnings */
export async function verifyStructure(context: SiteContext, job: VerifyJob): Promise<{ warnings: string[] }> {
  const { copy, manifest } = await manifestOf(context, job, job.store);
  const links = await chainManifests(copy, manifest.chain);
  for (const [at, link] of links.entries()) checkOrder(manifest, link, at);
  const warnings = ofHead(await getHead(copy, job.backupId), manifest);
  for (const one of [...links, manifest]) warnings.push(...(await verifyOwnStructure(copy, one)));
  if (links.length > 0) for (const name of Object.keys(manifest.components)) await verifyWhole(copy, manifest, name);
  return { warnings };
}

/** Every byte that it does not hold itself is in one of those that it builds upon. @throws HoldfastError `chain_broken` */
async function verifyWhole(copy: RepositoryCopy, manifest: SealedManifest, component: string): Promise<void> {
  const { first, count } = (await inheritedBy(copy, manifest, component)).lacking;
  if (first === undefined) return;
  const more = count > 1 ? ` and ${count - 1} more files` : '';
  throw new HoldfastError(
    'chain_broken',
    `${component} of ${manifest.backupId} lacks what it inherits: ${first}${more}`,
    {
      where: copy.store.name,
      hints: ['restore from another backup, and make a full one'],
    },
  );
}

/** Each backup of a chain builds upon just those before it. */
function checkOrder({ chain = [] }: SealedManifest, link: SealedManifest, at: number): void {
  const before = chain.slice(0, at).map(({ backupId }) => backupId);
  const own = (link.chain ?? []).map(({ backupId }) => backupId);
  if (before.join() === own.join()) return;
  throw new HoldfastError('chain_broken', `${link.backupId} builds upon other backups than the chain says`, {
    hints: ['restore from another store, or make a full backup'],
  });
}

function ofHead({ id, components }: BackupHead, manifest: SealedManifest): string[] {
  const [told, real] = [Object.keys(components), Object.keys(manifest.components)].map((names) => names.sort().join());
  const sizes = Object.entries(manifest.components).filter(
    ([name, { summary }]) => components[name] !== undefined && components[name].bytes !== summary.bytes,
  );
  return [
    ...(told === real ? [] : [`the catalog tells of other components of ${id} than its manifest`]),
    ...sizes.map(([name]) => `the catalog tells of another size of ${name} than the manifest`),
  ];
}

/** Of one backup, and nothing of what it builds upon. @throws HoldfastError `invalid_backup` */
export async function verifyOwnStructure(copy: RepositoryCopy, manifest: SealedManifest): Promise<string[]> {
  const warnings: string[] = [];
  for (const [name, { summary }] of Object.entries(manifest.components)) {
    const check = new StructureCheck(summary);
    for await (const index of indexesOf(copy, manifest, name)) {
      check.add(index);
      heartbeat({ component: name, run: index.run });
    }
    warnings.push(...check.end().map((one) => `${name} of ${manifest.backupId}: ${one}`));
    const [first] = check.problems;
    if (first === undefined) continue;
    const more = check.problems.length > 1 ? ` and ${check.problems.length - 1} more` : '';
    throw new HoldfastError('invalid_backup', `${name} of ${manifest.backupId} is not whole: ${first}${more}`, {
      where: copy.store.name,
      hints: ['its objects are as they were written, and do not make a whole: make a new backup'],
    });
  }
  return warnings;
}
