/** How long a server can keep what is not shipped: pure arithmetic over what was measured. */
export interface SlotRoom {
  /** WAL that the server keeps for the slot. */
  retainedBytes: number;
  /** The server's word: `reserved`, `extended`, `unreserved`, `lost`. */
  status: string;
  /** How much more it can keep: the bound of slots, or the disk, whichever is less; absent where neither is known. */
  bytesLeft?: number;
  /** At which it is written, measured over the last minutes. */
  bytesPerSecond?: number;
  /** Until WAL is lost, or the disk full, if nothing more were shipped; absent where nothing is written. */
  hoursLeft?: number;
}

export interface WalSample {
  lsn: bigint;
  /** Of a clock that only goes forward. */
  atMs: number;
}

/** A rate is taken over so much time at most, and not over less than the other. */
const windowMs = 10 * 60_000;
const leastMs = 10_000;

/** Keeps what a rate is measured over; a server that was rewound begins again. */
export function withSample(samples: WalSample[], now: WalSample): WalSample[] {
  const before = samples.at(-1);
  if (before && before.lsn > now.lsn) return [now];
  return [...samples.filter(({ atMs }) => now.atMs - atMs <= windowMs), now];
}

export function walRate(samples: WalSample[]): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.atMs - first.atMs < leastMs) return undefined;
  return (Number(last.lsn - first.lsn) * 1000) / (last.atMs - first.atMs);
}

export function slotRoom(
  found: { retainedBytes: number; status: string; safeBytes?: number; freeBytes?: number },
  bytesPerSecond: number | undefined,
): SlotRoom {
  const { retainedBytes, status, safeBytes, freeBytes } = found;
  const bounds = [safeBytes, freeBytes].filter((one) => one !== undefined);
  const bytesLeft = bounds.length === 0 ? undefined : Math.max(0, Math.min(...bounds));
  const hours = bytesLeft !== undefined && bytesPerSecond ? bytesLeft / bytesPerSecond / 3600 : undefined;
  return { retainedBytes, status, bytesLeft, bytesPerSecond, hoursLeft: hours };
}
