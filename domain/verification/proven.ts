/** What the proofs of a copy say together. */
import { type BackupHead, type Proof, type ProofLevel, proofLevels } from '../backup';

type Shown = Pick<BackupHead, 'provenAt' | 'proofs'>;

export function isAtLeast(level: ProofLevel, wanted: ProofLevel): boolean {
  return proofLevels.indexOf(level) >= proofLevels.indexOf(wanted);
}

/** A copy that failed is right again only when something as thorough has said so since. */
export function isFailing(proofs: Proof[] = []): boolean {
  return openFailures(proofs).length > 0;
}

function openFailures(proofs: Proof[] = []): Proof[] {
  return proofs.filter((bad) => bad.outcome === 'failed' && !isFoundRight(bad, proofs));
}

function isFoundRight(bad: Proof, proofs: Proof[]): boolean {
  return proofs.some((good) => good.outcome !== 'failed' && good.at > bad.at && isAtLeast(good.level, bad.level));
}

/** It was restored, started and asked once: no checksum stands for that, however many were read. */
export function wasProven(head: Shown): boolean {
  return provenAt(head) !== undefined;
}

/** {@link wasProven}, and nobody has found it wrong since. @param chain the copies that it builds upon, in the same store */
export function isProven(head: Shown, chain: Shown[]): boolean {
  const at = provenAt(head);
  if (at === undefined) return false;
  return [head, ...chain].every(({ proofs }) => openFailures(proofs).every((bad) => bad.at <= at));
}

function provenAt({ provenAt: told, proofs = [] }: Shown): string | undefined {
  const shown = proofs.filter(({ level, outcome }) => level === 'test-restore' && outcome !== 'failed');
  return shown.reduce((last, { at }) => (last !== undefined && last > at ? last : at), told);
}
