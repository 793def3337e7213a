/**
 * `components/` knows what is protected: file trees and PostgreSQL, both as trees of files, and the services that use them. Guaranteed: it
 * knows nothing of Temporal or of where backups live, and every function may be cut anywhere and called again. Not
 * guaranteed: the order of steps, which is the workflows', nor that anything was stored.
 *
 * Here: what every component is to those who store and restore it: trees of files. Both kinds fit; `test/components/conformance.ts`
 * runs one suite over them.
 */
import type { ComponentKind } from '../domain/backup';
import type { Plannable } from '../domain/plan-runs';
import type { RootDirs } from './tree/read';

export interface SourceTrees {
  kind: ComponentKind;
  /** Whether its files change while they are read, and that is in order. */
  mayChange: boolean;
  /** Where each of its trees lies, for reading. */
  dirs: RootDirs;
  /** About how much there is, for the cut of the plan; absent: unknown, or a lot. */
  expectedBytes?: number;
  /** Walks everything; may be asked more than once. */
  entries(): AsyncIterable<Plannable>;
}
