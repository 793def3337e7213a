/** Which backups a question is about. */
import { type BackupHead, type BackupStatus, type BackupType, proofLevels } from '../backup';

/** What one store holds of a backup. */
export interface CopyFacts {
  store: string;
  location: string;
  status: BackupStatus;
  expiredAt?: string;
  moved?: BackupHead['moved'];
  verifiedAt?: string;
  provenAt?: string;
  proofs?: BackupHead['proofs'];
  lock?: BackupHead['lock'];
  archived?: BackupHead['archived'];
  storageClass?: string;
  movingTo?: string;
}

/** A head as all stores together have it, and each copy by itself. */
export interface ListedBackup extends BackupHead {
  copies: CopyFacts[];
  /** Somebody wants it kept, whatever retention says; told by `list` alone. */
  pin?: KeptBy;
  hold?: KeptBy;
}

export interface KeptBy {
  at: string;
  by: string;
  reason?: string;
}

export interface BackupFilter {
  /** Absent: all, also those that are configured no more. */
  sites?: string[];
  tier?: string;
  type?: BackupType;
  status?: BackupStatus;
  component?: string;
  /** RFC 3339 UTC; both inclusive, of the time at which it began. */
  since?: string;
  until?: string;
  store?: string;
  /** What its id begins with. */
  id?: string;
}

export function isWanted(backup: ListedBackup, filter: BackupFilter): boolean {
  const { sites, tier, type, status, component, since, until, store, id } = filter;
  const began = Date.parse(backup.startedAt);
  return (
    (sites === undefined || sites.includes(backup.site)) &&
    (tier === undefined || backup.tier === tier) &&
    (type === undefined || backup.type === type) &&
    (status === undefined || (store === undefined ? backup.status === status : statusIn(backup, store) === status)) &&
    (component === undefined || Object.hasOwn(backup.components, component)) &&
    (since === undefined || began >= Date.parse(since)) &&
    (until === undefined || began <= Date.parse(until)) &&
    (store === undefined || statusIn(backup, store) !== undefined) &&
    (id === undefined || backup.id.startsWith(id))
  );
}

function statusIn({ copies }: ListedBackup, store: string): BackupStatus | undefined {
  return copies.find((copy) => copy.store === store)?.status;
}

/** Each chain together: the full backup, then what builds upon it, at the place of the full one's age. */
export function byChain<T extends BackupHead>(backups: T[]): { backup: T; depth: number }[] {
  const known = new Set(backups.map(({ id }) => id));
  const chains = new Map<string, T[]>();
  for (const backup of backups) {
    const root = (backup.chain ?? []).find((id) => known.has(id)) ?? backup.id;
    const members = chains.get(root);
    if (members) members.push(backup);
    else chains.set(root, [backup]);
  }
  return [...chains.values()].flatMap((members) =>
    members.map((backup, at) => ({ backup, depth: at === 0 && !backup.chain?.some((id) => known.has(id)) ? 0 : 1 })),
  );
}

/** The strongest thing that was shown of a copy and still stands: the last of its level, and not failed. */
export function bestProof({ proofs = [], verifiedAt, provenAt }: CopyFacts): { level: string; at: string } | undefined {
  for (const level of proofLevels.toReversed()) {
    const proof = proofs.find((one) => one.level === level && one.outcome !== 'failed');
    if (proof) return { level, at: proof.at };
  }
  if (provenAt !== undefined) return { level: 'proven', at: provenAt };
  return verifiedAt === undefined ? undefined : { level: 'verified', at: verifiedAt };
}

/** Levels whose last proof failed: this copy cannot be counted on. */
export function failedProofs({ proofs = [] }: CopyFacts): string[] {
  return proofs.filter(({ outcome }) => outcome === 'failed').map(({ level }) => level);
}
