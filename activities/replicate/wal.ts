/**
 * The WAL that goes with a copy. A store that receives WAL itself (`wal.to`) gets what is missing of the backup's own time; any other gets all that is stored since the first
 * backup it holds, so that a region can be restored to any time up to the last replication.
 */
import { cancellationSignal, heartbeat, log } from '@temporalio/activity';
import type { PostgresFacts, SealedManifest } from '../../domain/backup';
import { HoldfastError } from '../../domain/errors';
import { contiguousEnd } from '../../domain/intervals';
import { formatLsn, type Lsn, parseLsn, segmentOf } from '../../domain/lsn';
import { getSealedManifest } from '../../repository/sealed-manifest';
import { limited } from '../../repository/stores/bandwidth';
import { WalArchive } from '../../repository/wal/archive';
import { walObjects } from '../../repository/wal/bind';
import type { WalSpan } from '../../repository/wal/replicate';
import { copyWalFrom } from '../../repository/wal/replicate-from';
import type { SiteContext } from '../context';
import { openArchives } from '../wal/archives';
import type { CopyPart } from './contracts';
import { sourceCopies } from './sources';

interface Needed {
  systemIdentifier: string;
  timeline: number;
  from: Lsn;
  /** Without the WAL up to here the backup is worth nothing; absent: of a mark, which other backups lead to. */
  to?: Lsn;
  moves?: boolean;
}

export async function replicateWal(
  context: SiteContext,
  { to, member, moves }: CopyPart,
): Promise<{ segments: number; bytes: number }> {
  const [source] = await sourceCopies(context, member.backupId, to);
  if (source === undefined) throw new HoldfastError('internal', 'a source has gone');
  const manifest = await getSealedManifest(source.copy, source.head);
  const sum = { segments: 0, bytes: 0 };
  for (const [name, needed] of neededBy(manifest)) {
    const copied = await copyNeeded(context, name, to, { ...needed, moves });
    sum.segments += copied.segments;
    sum.bytes += copied.bytes;
  }
  return sum;
}

function neededBy({ components, marks = {} }: SealedManifest): [string, Needed][] {
  const own = Object.entries(components).flatMap(([name, { postgres }]): [string, Needed][] =>
    postgres === undefined ? [] : [[name, spanOf(postgres)]],
  );
  const marked = Object.entries(marks).map(([name, { systemIdentifier, timeline, lsn }]): [string, Needed] => [
    name,
    { systemIdentifier, timeline, from: parseLsn(lsn) },
  ]);
  return [...own, ...marked];
}

function spanOf({ systemIdentifier, timeline, startLsn, stopLsn }: PostgresFacts): Needed {
  return { systemIdentifier, timeline, from: parseLsn(startLsn), to: parseLsn(stopLsn) };
}

async function copyNeeded(context: SiteContext, name: string, to: string, needed: Needed) {
  const none = { segments: 0, bytes: 0 };
  const archives = (await openArchives(context, needed.systemIdentifier)).filter(({ store }) => store.name !== to);
  const [source] = archives;
  if (source === undefined) return none; // held by this store alone: what it lacks is told by verification
  const repository = await context.repository({ create: true });
  const store = limited(repository.copy(to).store, context.bandwidthInto(to));
  const target = await WalArchive.begin(walObjects(repository, [to]), store, source.marker);
  const ships = needed.moves !== true && shippedTo(context, name).includes(to);
  if (ships && needed.to === undefined) return none;
  const span: WalSpan = ships ? needed : await sinceFirst(target, needed);
  const signal = cancellationSignal();
  const copied = await copyWalFrom(archives, target, span, {
    ...{ signal, progress: ({ segments }) => heartbeat(segments), least: leastOf(needed) },
    onTaken: ({ timeline, segment, from, instead }) =>
      log.warn(`WAL that ${instead} lacks comes from ${from}`, { timeline, segment: String(segment) }),
  });
  await assertWhole(target, name, needed);
  return copied;
}

/** Without it the copy counts for nothing. */
function leastOf({ timeline, from, to }: Needed) {
  return to === undefined ? undefined : { timeline, from, to };
}

function shippedTo({ config, site }: SiteContext, name: string): string[] {
  const component = config.sites[site]?.components[name];
  return component?.kind === 'postgres' ? component.wal.to : [];
}

/** From where the store's WAL begins on, so that no hole is left between two copies. */
async function sinceFirst(target: WalArchive, { timeline, from }: Needed): Promise<WalSpan> {
  for (const first of await target.timelines()) {
    const [begin] = await target.intervals(first);
    if (begin === undefined || first > timeline) continue;
    return { timeline: first, from: begin.from < from ? begin.from : from };
  }
  return { timeline, from };
}

async function assertWhole(target: WalArchive, name: string, { timeline, from, to }: Needed): Promise<void> {
  if (to === undefined) return;
  const reached = contiguousEnd(await target.intervals(timeline, segmentOf(from, target.segmentSize)), from);
  if (reached >= to) return;
  throw new HoldfastError('wal_gap', `the WAL that makes ${name} consistent could not be copied`, {
    where: `${target.store.name}, from ${formatLsn(reached)}, of ${formatLsn(from)} to ${formatLsn(to)}`,
    hints: ['no other store holds it: holdfast points', 'make a new backup'],
  });
}
