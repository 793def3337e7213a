/**
 * What the publication of a backup shows of a copy: that its own objects lie in the store as they were written. They were read back, or looked at when they were
 * copied; the documents are held against each other here. Not shown: what it builds upon, and that a server starts on it.
 */
import type { BackupHead, Proof } from '../../domain/backup';
import type { RepositoryCopy } from '../../repository/copy';
import { verifyManifest } from '../../repository/verify';
import type { BackupJob } from '../contracts';
import { refuseDamage, refuseLoss } from '../verify/refuse-damage';
import { verifyOwnStructure } from '../verify/structure';

export interface Shown {
  /** As the first store has it: every copy is to be the same. */
  head: Pick<BackupHead, 'id' | 'checksum' | 'manifestSha256'>;
  /** How long the copy was read, or copied and looked at. */
  seconds: number;
}

/** @throws HoldfastError `store_lost_write` when a document is not as it was written; `invalid_backup` when its tier wants to know, and the indexes do not make a whole */
export async function proofOfPublication(
  copy: RepositoryCopy,
  { store, verify, chain, marked }: BackupJob,
  { head, seconds }: Shown,
): Promise<Proof> {
  const { manifest, damaged } = await verifyManifest(copy, head);
  refuseLoss(damaged);
  refuseDamage(damaged);
  // Packs are opened where they were written; what was copied from there is compared by its checksum.
  const level = copy.store.name === store ? verify : 'quick';
  const findings = level === 'full' && manifest ? await verifyOwnStructure(copy, manifest) : [];
  return {
    ...{ level, at: new Date().toISOString(), seconds, outcome: findings.length === 0 ? 'passed' : 'warning' },
    ...((chain ?? marked) && { alone: true }),
    ...(findings.length > 0 && { findings }),
  };
}
