/**
 * WAL into one store's archive from all that hold some of it. The archive that reaches furthest leads, and others fill its holes, as they do for a restore; it may have begun
 * later than another one, whose store was there before: then what a backup cannot do without comes from that one, unless the first knows it for contradicted.
 */
import { contiguousEnd } from '../../domain/intervals';
import { type Lsn, segmentOf } from '../../domain/lsn';
import { mayBeElsewhere } from '../elsewhere';
import { amongArchives, type TakenElsewhere } from './among';
import type { WalArchive } from './archive';
import { copyWal, type WalCopied, type WalCopyOptions, type WalSpan } from './replicate';

interface CopyFromOptions extends WalCopyOptions {
  /** What the target is to have in any case. */
  least?: WalSpan & { to: Lsn };
  onTaken: (taken: TakenElsewhere) => void;
}

/** @param archives the one that reaches furthest first */
export async function copyWalFrom(
  archives: WalArchive[],
  to: WalArchive,
  span: WalSpan,
  { least, onTaken, ...options }: CopyFromOptions,
): Promise<WalCopied> {
  const [first, ...others] = archives;
  if (first === undefined) return { segments: 0, bytes: 0 };
  const copied = await copyWal(amongArchives(first, others, onTaken), to, span, options);
  if (least === undefined || (await isContradicted(first, least))) return copied;
  for (const other of others) {
    if (await isWhole(to, least)) break;
    try {
      const more = await copyWal(other, to, least, options);
      copied.segments += more.segments;
      copied.bytes += more.bytes;
    } catch (error) {
      if (!mayBeElsewhere(error) || other === others.at(-1)) throw error;
    }
  }
  return copied;
}

async function isContradicted(first: WalArchive, { timeline, to }: WalSpan & { to: Lsn }): Promise<boolean> {
  return (await first.quarantines()).some((one) => one.timeline === timeline && one.from < to);
}

async function isWhole(archive: WalArchive, { timeline, from, to }: WalSpan & { to: Lsn }): Promise<boolean> {
  const stored = await archive.intervals(timeline, segmentOf(from, archive.segmentSize));
  return contiguousEnd(stored, from) >= to;
}
