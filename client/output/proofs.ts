/** What `status` shows and says of proofs. */
import type { ListedBackup } from '../../domain/catalog/filter';
import { formatDuration } from '../../domain/config/units';
import type { VerificationConfig } from '../../domain/verification/policy';
import type { HeldCopy, ProofHealth, ProofState } from '../../domain/verification/proof-health';
import { table } from './table';

const words: Record<ProofState, string> = {
  proved: 'proved',
  never: 'never proved',
  stale: 'stale',
  failing: 'failing',
};

/** Each as its store has it: what was shown of one copy is not shown of the others. */
export function heldCopies(heads: ListedBackup[]): HeldCopy[] {
  return heads.flatMap((head) =>
    head.copies.map(({ store, status, proofs }) => ({ store, head: { ...head, status, proofs } })),
  );
}

export function proofsTable(proofs: ProofHealth[], now: number): string[] {
  if (proofs.length === 0) return [];
  const rows = proofs.map(({ site, component, state, newest }) => [
    site,
    component,
    words[state],
    ...(newest ? [newest.level, newest.backupId, newest.store, age(newest.at, now)] : ['', '', '', '']),
  ]);
  return ['', table(['SITE', 'COMPONENT', 'PROOF', 'LEVEL', 'BACKUP', 'STORE', 'AGE'], rows, ['AGE'])];
}

export function proofProblems(
  proofs: ProofHealth[],
  { level, stale }: Pick<VerificationConfig, 'level' | 'stale'>,
  now: number,
): string[] {
  return proofs.flatMap(({ site, component, state, newest, failing, alarms }) => {
    if (!alarms) return [];
    const what = `${component} (${site})`;
    if (state === 'failing') {
      return failing.map(({ backupId, store }) => `${backupId} of ${what} failed its verification in ${store}`);
    }
    const since = newest ? `for ${age(newest.at, now)}` : 'yet';
    return [
      `no backup of ${what} was proved ${since}, by ${level} or more: it is wanted every ${formatDuration(stale)}`,
    ];
  });
}

function age(at: string, now: number): string {
  return formatDuration(Math.max(0, Math.round((now - Date.parse(at)) / 1000)) * 1000);
}
