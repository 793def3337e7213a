/**
 * What was shown of a copy is written into its head, beside what it was published with.
 *
 * A store has no transactions: the head is read just before it is written and read again after, so that of two who write at once neither's
 * proof is lost. What remains: whoever else changes the head in the moment between our reading and our writing may lose that change; the
 * writers of a head (publication, retention, copies) each look again at what they wanted and do it anew.
 */
import type { BackupHead, Proof } from '../domain/backup';
import type { RepositoryCopy } from './copy';
import { getHead, putHead } from './heads';

const attempts = 5;

/** Of each level the last is kept. @throws HoldfastError `backup_not_found` */
export async function addProof(copy: RepositoryCopy, backupId: string, proof: Proof): Promise<BackupHead> {
  for (let attempt = 1; ; attempt++) {
    const head = await getHead(copy, backupId);
    if (holds(head, proof)) return head;
    await putHead(copy, withProof(head, proof));
    const now = await getHead(copy, backupId);
    if (holds(now, proof) || attempt === attempts) return now;
  }
}

export function withProof(head: BackupHead, proof: Proof): BackupHead {
  const others = (head.proofs ?? []).filter(({ level }) => level !== proof.level);
  const good = proof.outcome !== 'failed';
  return {
    ...head,
    proofs: [...others, proof],
    ...(good && { verifiedAt: proof.at }),
    ...(good && proof.level === 'test-restore' && { provenAt: proof.at }),
  };
}

/** A later one of the same level says more. */
function holds({ proofs = [] }: BackupHead, { level, at }: Proof): boolean {
  return proofs.some((one) => one.level === level && one.at >= at);
}
