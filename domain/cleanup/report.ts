/** What a cleanup is asked, and what it tells: counts and bytes of each kind of leftover, and what it left because it does not know it. */

export interface CleanUpRequest {
  site: string;
  /** Milliseconds that a thing has to lie untouched, by the store's clock, before it may go. */
  graceMs: number;
  dryRun?: boolean;
}

export interface CleanStoreOrder extends CleanUpRequest {
  store: string;
}

/**
 * `backup`: objects of a backup that was never finished, and nobody makes any more. `pack`: what no manifest names. `lease`: ended long ago.
 * `removal`: said of a backup that is gone. `unfinished`: files and uploads that never became an object. `wal`: parts that a segment replaced, what
 * a cut removal left, and what lies before every backup. `probe`: trials of a store.
 */
export const leftoverKinds = ['backup', 'pack', 'lease', 'removal', 'unfinished', 'wal', 'probe'] as const;
export type LeftoverKind = (typeof leftoverKinds)[number];

export interface Amount {
  objects: number;
  bytes: number;
}

export interface CleanedStore {
  store: string;
  removed: Partial<Record<LeftoverKind, Amount>>;
  /** What was not understood, or is in somebody's hands: it was left. At most {@link toldAtMost} lines, and how many more there are. */
  left: string[];
  more: number;
}

export const toldAtMost = 20;

export function addAmount(to: CleanedStore, kind: LeftoverKind, { objects, bytes }: Amount): void {
  if (objects === 0) return;
  const before = to.removed[kind] ?? { objects: 0, bytes: 0 };
  to.removed[kind] = { objects: before.objects + objects, bytes: before.bytes + bytes };
}

/** Lines travel through histories: their number and length are bounded. */
export function tellLeft(to: CleanedStore, line: string): void {
  if (to.left.length < toldAtMost) to.left.push(line.slice(0, 300));
  else to.more++;
}

export function cleanUpWorkflowId(system: string, site: string): string {
  return `cleanup/${system}/${site}`;
}
