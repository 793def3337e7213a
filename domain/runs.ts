/** What one activity over one run of packs is told and tells: small, whatever the size of the data. */

import type { LockMode } from './backup';

export type PackWork =
  | { kind: 'store'; site: string; backupId: string; component: string; generation: number }
  | {
      kind: 'verify';
      site: string;
      backupId: string;
      component: string;
      store: string;
      /** `presence`: every object is there, as long as it was; `quick`: and has the same bytes; `full`: and opens to what was read. */
      level: 'presence' | 'quick' | 'full';
      /** The checksum that the store computed and keeps is believed; where it has none the bytes are read. */
      trusted?: boolean;
      /** The backup is being made: what the store does not have now it has lost at once. */
      fresh?: boolean;
      /** What is not right in the store may be taken from another: it is damaged only where no store has it. */
      elsewhere?: boolean;
      /** A full verification of this backup, which builds upon `backupId`: what it takes from there is opened, and nothing else. */
      of?: string;
    }
  | { kind: 'consolidate'; site: string; backupId: string; component: string; store: string; of: string }
  | {
      kind: 'lock';
      site: string;
      backupId: string;
      component: string;
      store: string;
      mode: LockMode;
      /** RFC 3339. */
      until: string;
    }
  | { kind: 'copy'; site: string; backupId: string; component: string; store: string; to: string }
  | {
      kind: 'replicate';
      site: string;
      backupId: string;
      component: string;
      to: string;
      /** Read what is there, since something of it was found damaged. */
      read: boolean;
      /** Of the leases, which each run renews. */
      holder: string;
    }
  | {
      kind: 'place';
      site: string;
      backupId: string;
      component: string;
      store: string;
      /** Root of a tree → base64 of the path it is placed at. */
      roots: Record<string, string>;
      /** Folder of the restore's journal and markers. */
      workDir: string;
      /** As in the restore's request. */
      onlyStore?: string;
      /** The target holds data that may be right already. */
      delta: boolean;
      /** The backup is one that the restored one builds upon: only what still counts of it is placed. 0: the full one. */
      link?: number;
    };

export interface RunOutcome {
  packs: number;
  bytes: number;
  storedBytes: number;
  /** Packs that were there already. */
  reused: number;
  /** At most a handful; the rest is counted in the last one. */
  warnings: string[];
  /** Of copies: what really went out, as it is stored, and how many objects were put right. */
  sentBytes?: number;
  repaired?: number;
}

export const nothingDone: RunOutcome = { packs: 0, bytes: 0, storedBytes: 0, reused: 0, warnings: [] };

const warningsKept = 20;

export function addOutcomes(a: RunOutcome, b: RunOutcome): RunOutcome {
  return {
    packs: a.packs + b.packs,
    bytes: a.bytes + b.bytes,
    storedBytes: a.storedBytes + b.storedBytes,
    reused: a.reused + b.reused,
    warnings: [...a.warnings, ...b.warnings].slice(0, warningsKept),
    ...both('sentBytes', a, b),
    ...both('repaired', a, b),
  };
}

function both(of: 'sentBytes' | 'repaired', a: RunOutcome, b: RunOutcome): Partial<RunOutcome> {
  return a[of] === undefined && b[of] === undefined ? {} : { [of]: (a[of] ?? 0) + (b[of] ?? 0) };
}
