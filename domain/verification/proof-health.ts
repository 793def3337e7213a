/** What is proved of each component, how long ago, and whether that is good enough: for `status`, metrics and their alarms. */
import type { BackupHead, Proof, ProofLevel } from '../backup';
import { isPoint } from '../recovery-points';
import type { VerificationConfig } from './policy';
import { isAtLeast, isFailing } from './proven';

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
  head: Pick<BackupHead, 'id' | 'site' | 'status' | 'startedAt' | 'components' | 'proofs' | 'marks' | 'chain'>;
}

/** A component without any backup has nothing to prove. @param now milliseconds */
export function proofHealth(
  { level, stale }: Pick<VerificationConfig, 'level' | 'stale'>,
  components: { site: string; name: string }[],
  copies: HeldCopy[],
  now: number,
): ProofHealth[] {
  const all: ByCopy = new Map(copies.map(({ store, head }) => [keyOf(store, head.id), head]));
  return components.flatMap(({ site, name }) => {
    const own = copies.filter(
      ({ head }) => head.site === site && head.status === 'completed' && head.components[name] && !isPoint(head),
    );
    if (own.length === 0) return [];
    const failing = own.flatMap(({ store, head }) => (isFailing(head.proofs) ? [{ backupId: head.id, store }] : []));
    const newest = newestOf(own, all, level);
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

function newestOf(copies: HeldCopy[], all: ByCopy, level: ProofLevel): ProofHealth['newest'] {
  let newest: ProofHealth['newest'];
  for (const copy of copies) {
    for (const proof of copy.head.proofs ?? []) {
      const at = shownAt(copy, proof, all, level);
      if (at === undefined || (newest && newest.at >= at)) continue;
      newest = { level: proof.level, at, backupId: copy.head.id, store: copy.store };
    }
  }
  return newest;
}

/** Of a proof of its own objects alone: as old as the oldest of what it builds upon, and worth nothing where one of those has none. */
function shownAt({ store, head }: HeldCopy, proof: Proof, all: ByCopy, level: ProofLevel): string | undefined {
  if (!isEnough(proof, level)) return undefined;
  let shown = proof.at;
  for (const id of proof.alone ? (head.chain ?? []) : []) {
    const own = (all.get(keyOf(store, id))?.proofs ?? []).filter((one) => isEnough(one, level));
    const last = own.reduce<string | undefined>((a, { at }) => (a !== undefined && a > at ? a : at), undefined);
    if (last === undefined) return undefined;
    if (last < shown) shown = last;
  }
  return shown;
}

function isEnough({ level, outcome }: Proof, wanted: ProofLevel): boolean {
  return outcome !== 'failed' && isAtLeast(level, wanted);
}

type ByCopy = ReadonlyMap<string, HeldCopy['head']>;

function keyOf(store: string, id: string): string {
  return `${store}/${id}`;
}
