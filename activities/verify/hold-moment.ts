/**
 * A random moment, and what a restore to it needs: leased before it is drawn, so that nothing of it goes between the choice and the restore. The restore takes the
 * same leases, of what itself has chosen.
 */
import type { SealedManifest } from '../../domain/backup';
import { HoldfastError, isHoldfastError } from '../../domain/errors';
import { parseTarget } from '../../domain/recovery-target';
import type { Chance } from '../../domain/verification/seeded';
import type { SiteContext } from '../context';
import { holdBackup, ifAllowed } from '../leases/hold';
import { holdWal } from '../leases/hold-wal';
import { chooseBackup, completedHeads } from '../restore/choose';
import { chooseMoment, manifestsOf } from './moment';

const attempts = 3;

/**
 * @param backup an id, or `latest`: then any of the newest backups
 * @returns undefined where there are only files, which have no WAL
 * @throws HoldfastError `recovery_test_not_run` when backups go as fast as they are chosen, and what {@link chooseMoment} throws
 */
export async function holdMoment(context: SiteContext, backup: string, chance: Chance): Promise<string | undefined> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const manifests = await manifestsOf(context, backup);
    // Of all there is, as long as it is not drawn: then of what it needs.
    await holdWalOf(context, manifests, () => ({ timeline: 1, from: '0/0' }));
    const at = await chooseMoment(context, manifests, chance);
    if (at === undefined) return undefined;
    const chosen = await holdChosen(context, backup, at);
    if (chosen === undefined || !(await areThere(context, backup, manifests))) continue;
    await holdWalOf(context, [chosen], ({ timeline, startLsn }) => ({ timeline, from: startLsn }));
    return at;
  }
  throw new HoldfastError('recovery_test_not_run', 'backups were removed whenever a moment was chosen', {
    hints: ['wait until retention has ended, and run it again'],
  });
}

type Facts = NonNullable<SealedManifest['components'][string]['postgres']>;

async function holdWalOf(
  context: SiteContext,
  manifests: SealedManifest[],
  from: (facts: Facts) => { timeline: number; from: string },
): Promise<void> {
  const all = manifests.flatMap(({ components }) => Object.values(components).flatMap(({ postgres = [] }) => postgres));
  const needs = all.map((facts) => ({ systemIdentifier: facts.systemIdentifier, ...from(facts) }));
  for (const copy of (await context.repository()).copies) {
    await ifAllowed(copy, () => holdWal(copy, 'verify', needs)).catch((error: unknown) => {
      if (!isHoldfastError(error) || error.code !== 'store_unavailable') throw error; // it lets nothing go either
    });
  }
}

/** Undefined: it went meanwhile. */
async function holdChosen(context: SiteContext, backup: string, at: string): Promise<SealedManifest | undefined> {
  try {
    const { copy, manifest } = await chooseBackup(context, backup, parseTarget(`time:${at}`));
    const { backupId: id, chain = [] } = manifest;
    await ifAllowed(copy, () => holdBackup(copy, { id, chain: chain.map((link) => link.backupId) }, 'verify'));
    return manifest;
  } catch (error) {
    if (!isHoldfastError(error) || !['backup_unusable', 'timestamp_out_of_range'].includes(error.code)) throw error;
    return undefined;
  }
}

/** Another one would be restored than was thought of, and its WAL may not reach the moment. */
async function areThere(context: SiteContext, backup: string, manifests: SealedManifest[]): Promise<boolean> {
  if (backup !== 'latest') return true;
  const now = new Set((await completedHeads(context)).map(({ head }) => head.id));
  return manifests.every(({ backupId }) => now.has(backupId));
}
