/**
 * Finds what nobody needs and removes it after a grace by the store's clock.
 *
 * Guaranteed: nothing goes that a procedure is just storing (it has a lease, and of a removal and a lease that meet one gives way), nothing that a
 * manifest names, and nothing whose name is none of ours: that is told. It may be cut anywhere and run again, or beside itself.
 * Not guaranteed: that a version which took no leases is still running longer than the grace between two objects; and what `repository/retention/look.ts`
 * says of a remover that is stopped right before a deletion.
 */
import { addAmount, type CleanedStore, type LeftoverKind, tellLeft } from '../../domain/cleanup/report';
import { isHoldfastError } from '../../domain/errors';
import type { RepositoryCopy } from '../copy';
import type { StoredObject } from '../store';

export interface Cleaning {
  copy: RepositoryCopy;
  /** One name for each attempt: a zombie of an earlier one does not take this one's word for its own. */
  remover: string;
  /** Untouched since: before this, by the store's clock. */
  before: Date;
  dryRun: boolean;
  signal?: AbortSignal;
  /** Ids that have a lease in any store, not only in this one: a copy is leased where it comes from. */
  leased: ReadonlySet<string>;
  outcome: CleanedStore;
  beat: () => void;
}

const batch = 1000;
const kept = new Set<string>(['store_denied', 'object_locked']);

/** Removes what comes, a thousand at a time, and counts it. */
export class Sweeper {
  private keys: string[] = [];

  constructor(
    private readonly cleaning: Cleaning,
    private readonly kind: LeftoverKind,
    /** Asked right before each deletion; throws when it is not to go on. */
    private readonly mayGoOn?: () => Promise<void>,
  ) {}

  async take({ key, bytes }: Pick<StoredObject, 'key' | 'bytes'>): Promise<void> {
    this.keys.push(key);
    addAmount(this.cleaning.outcome, this.kind, { objects: 1, bytes });
    if (this.keys.length >= batch) await this.flush();
  }

  /** What is locked stays until its lock ends, and is told. */
  async flush(): Promise<void> {
    const { copy, dryRun, beat, outcome } = this.cleaning;
    const keys = this.keys;
    this.keys = [];
    beat();
    if (keys.length === 0 || dryRun) return;
    await this.mayGoOn?.();
    try {
      await copy.store.delete(keys);
    } catch (error) {
      if (!isHoldfastError(error) || !kept.has(error.code)) throw error;
      tellLeft(outcome, `${keys[0]} and ${keys.length - 1} more: ${error.message}`);
    }
  }
}

export function isOld({ before }: Cleaning, { modified }: Pick<StoredObject, 'modified'>): boolean {
  return modified < before;
}
