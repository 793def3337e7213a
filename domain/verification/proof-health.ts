/** What is proved of each component, how long ago, and whether that is good enough: for `status`, metrics and their alarms. */
import { type BackupHead, type Proof, type ProofLevel, proofLevels } from '../backup';
import { isPoint } from '../recovery-points';
import type { VerificationConfig } from './policy';

export type ProofState = 'proved' | 'never' | 'stale' | 'failing';

export interface ProofHealth {
  site: string;
  component: string;
  state: ProofState;
  /** The newest proof that is thorough enough; absent: there is none. */
  newest?: { level: ProofLevel; at: string; backupId: string; store: string };
  /** Copies that were found wrong and not found right since. */
  failing: { backupId: string; store: string }[];
  /** It is high time: what is asked for has not been shown for longer than it may take. */
  alarms: boolean;
}

/** A backup as one store holds it. */
export interface HeldCopy {
  store: string;
  head: Pick<BackupHead, 'id' | 'site' | 'status' | 'startedAt' | 'components' | 'proofs' | 'marks'>;
}

/** A component without any backup has nothing to prove. @param now milliseconds */
export function proofHealth(
  { level, stale }: Pick<VerificationConfig, 'level' | 'stale'>,
  components: { site: string; name: string }[],
  copies: HeldCopy[],
  now: number,
): ProofHealth[] {
  return components.flatMap(({ site, name }) => {
    const own = copies.filter(
      ({ head }) => head.site === site && head.status === 'completed' && head.components[name] && !isPoint(head),
    );
    if (own.length === 0) return [];
    const failing = own.flatMap(({ store, head }) => (isFailing(head.proofs) ? [{ backupId: head.id, store }] : []));
    const newest = newestOf(own, level);
    const isOld = (at: string) => now - Date.parse(at) > stale;
    const state =
      failing.length > 0 ? 'failing' : newest === undefined ? 'never' : isOld(newest.at) ? 'stale' : 'proved';
    const first = own.reduce(
      (at, { head }) => (head.startedAt < at ? head.startedAt : at),
      own[0]?.head.startedAt ?? '',
    );
    const alarms = state === 'failing' || state === 'stale' || (state === 'never' && isOld(first));
    return [{ site, component: name, state, ...(newest && { newest }), failing, alarms }];
  });
}

/** A copy that failed is right again only when something as thorough has said so since. */
function isFailing(proofs: Proof[] = []): boolean {
  return proofs.some(
    (bad) =>
      bad.outcome === 'failed' &&
      !proofs.some((good) => good.outcome !== 'failed' && good.at > bad.at && isAtLeast(good.level, bad.level)),
  );
}

function newestOf(copies: HeldCopy[], level: ProofLevel): ProofHealth['newest'] {
  let newest: ProofHealth['newest'];
  for (const { store, head } of copies) {
    for (const proof of head.proofs ?? []) {
      if (proof.outcome === 'failed' || !isAtLeast(proof.level, level)) continue;
      if (newest && newest.at >= proof.at) continue;
      newest = { level: proof.level, at: proof.at, backupId: head.id, store };
    }
  }
  return newest;
}

function isAtLeast(level: ProofLevel, wanted: ProofLevel): boolean {
  return proofLevels.indexOf(level) >= proofLevels.indexOf(wanted);
}
