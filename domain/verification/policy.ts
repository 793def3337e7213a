/** How backups are to be proved without anybody asking: `verification` of the configuration. */
import type { ProofLevel } from '../backup';
import type { StoreConfig } from '../config/types';

/** What a sample is made of; `random-time` reads the way to a random point in time and restores nothing. */
export const samplingRules = ['latest', 'random', 'oldest-chain', 'each-store', 'random-time'] as const;
export type SamplingRule = (typeof samplingRules)[number];

export interface VerificationConfig {
  sample: SamplingRule[];
  level: ProofLevel;
  /** Milliseconds after which a proof tells nothing any more. */
  stale: number;
  /** Damage that is found in one copy is repaired from a good one without being asked. */
  repair: boolean;
  /** Absolute: where test restores lie while they run. */
  scratch: string;
  /** Milliseconds that one test restore may take. */
  limit: number;
  /** Stores whose own checksums are believed. */
  trust: string[];
}

/**
 * Amazon S3 computes the SHA-256 itself when an object is put, keeps it, and reads its objects again and again to hold them against their
 * checksums. What other services do with the bytes after that nobody knows: there they are read.
 */
export function trustedByDefault(stores: Record<string, StoreConfig>): string[] {
  return Object.entries(stores).flatMap(([name, one]) =>
    one.kind === 's3' && one.endpoint === undefined ? [name] : [],
  );
}
