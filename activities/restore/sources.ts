/**
 * Which backup each component of a restore comes from. Mostly all from one; the databases of a recovery point come from the newest backup before
 * their marks, and files of "latest" from the newest point that was complete by the target.
 */
import type { BackupHead, PointMark, SealedComponent, SealedManifest } from '../../domain/backup';
import { HoldfastError } from '../../domain/errors';
import { type Micros, parseInstant } from '../../domain/instant';
import { parseLsn } from '../../domain/lsn';
import { parseTarget } from '../../domain/recovery-target';
import type { RestoreRequest } from '../../domain/requests';
import { chainManifests } from '../backup/parent';
import type { SiteContext } from '../context';
import type { ComponentOrigin } from '../contracts';
import { chooseBackup, completedPoints } from './choose';
import { type HeldBackup, namedBackup, wholeCopy } from './copies';
import { liesOn, wayOfSystem } from './timelines';

export interface Source {
  sealed: SealedComponent;
  /** What its backup builds upon; absent: nothing. */
  links?: SealedManifest[];
  /** Absent: from the backup that was chosen. */
  from?: ComponentOrigin;
}

/** By name of component. */
export async function sourcesOf(
  context: SiteContext,
  request: RestoreRequest,
  { copy, manifest }: HeldBackup,
): Promise<Record<string, Source>> {
  const { marks = {} } = manifest;
  const sources = await ownSources({ copy, manifest });
  if (Object.keys(marks).length === 0)
    return request.backup === 'latest' ? await withPoint(context, request, sources, manifest) : sources;
  if (request.at !== undefined || request.timeline !== undefined) {
    throw new HoldfastError('usage', `${manifest.backupId} is a recovery point: it is a target itself`, {
      hints: ['leave out --at and --timeline', 'or restore to another time: holdfast restore latest --at TIME'],
    });
  }
  for (const [name, mark] of Object.entries(marks)) sources[name] = await markedSource(context, name, mark);
  return sources;
}

async function ownSources({ copy, manifest }: HeldBackup, from?: ComponentOrigin): Promise<Record<string, Source>> {
  const links = manifest.chain && (await chainManifests(copy, manifest.chain));
  const named = Object.entries(manifest.components).map(([name, sealed]) => [name, { sealed, links, from }] as const);
  return Object.fromEntries(named);
}

/** The newest backup of the database that ends before the mark, on the way to the mark's timeline. */
export async function markedSource(context: SiteContext, name: string, mark: PointMark): Promise<Source> {
  const target = { kind: 'lsn', lsn: parseLsn(mark.lsn) } as const;
  const timeline = String(mark.timeline);
  const { systemIdentifier } = mark;
  const { copy, manifest } = await chooseBackup(context, 'latest', target, { timeline, name, systemIdentifier });
  const at = mark.name === undefined ? `lsn:${mark.lsn}` : `name:${mark.name}`;
  const from = { backupId: manifest.backupId, store: copy.store.name, at, timeline };
  return (await ownSources({ copy, manifest }, from))[name] as Source;
}

/** Files as they were later than in the backup, and no later than the target. */
async function withPoint(
  context: SiteContext,
  { at, timeline }: RestoreRequest,
  sources: Record<string, Source>,
  { startedAt }: SealedManifest,
): Promise<Record<string, Source>> {
  const target = parseTarget(at);
  if (target.kind !== 'latest' && target.kind !== 'time') return sources;
  for (const head of await completedPoints(context)) {
    if (head.startedAt <= startedAt) break;
    if (target.kind === 'time' && parseInstant(head.endedAt ?? head.startedAt) > target.at) continue;
    if (await wasLeft(context, head, { timeline, at: target.kind === 'time' ? target.at : undefined })) continue;
    const { copy, manifest } = await wholeCopy(context, await namedBackup(context, head.id));
    const from = { backupId: head.id, store: copy.store.name };
    const newer = Object.entries(await ownSources({ copy, manifest }, from)).filter(
      ([name, { sealed }]) => sealed.kind === 'files' && sources[name]?.sealed.kind === 'files',
    );
    return { ...sources, ...Object.fromEntries(newer) };
  }
  return sources;
}

/** A point of a branch that was left by a restore in place: files of what is lived on now are other ones. It still serves a time before the branch was left. */
async function wasLeft(
  context: SiteContext,
  { marks = {} }: BackupHead,
  { timeline, at }: { timeline: string | undefined; at: Micros | undefined },
): Promise<boolean> {
  for (const { systemIdentifier, timeline: own, lsn } of Object.values(marks)) {
    const way = await wayOfSystem(context, systemIdentifier, timeline);
    if (!way || (at !== undefined && way.since !== undefined && way.since > at)) continue;
    if (!liesOn(way, { timeline: own, stopLsn: lsn })) return true;
  }
  return false;
}
