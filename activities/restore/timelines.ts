/**
 * Which timelines a backup can be replayed along, and which of them is the database's present one.
 *
 * A newer number is no proof: a restore in place that was put back has begun a timeline that nobody lives on, and the server went
 * on with the old one. The present timeline is the one whose coverage was marked last. For a time, those that had begun by then
 * come first: what a timeline shows of a time before its beginning is the state at its fork, and its parent may have gone on.
 */
import type { PostgresFacts } from '../../domain/backup';
import { HoldfastError } from '../../domain/errors';
import type { Micros } from '../../domain/instant';
import { parseLsn } from '../../domain/lsn';
import type { TimelineStretch } from '../../domain/timeline';
import type { WalReading } from '../../repository/wal/among';
import type { SiteContext } from '../context';
import { openArchives } from '../wal/archives';

export interface Way {
  timeline: number;
  path: TimelineStretch[];
  /** The server was on the timeline by then. */
  since?: Micros;
}

/**
 * Those that the backup lies on, the present one first; or the one asked for; `latest` begins with the highest number.
 * @throws HoldfastError `timeline_unreachable`
 */
export async function waysOf(
  archive: WalReading,
  facts: PostgresFacts,
  wanted: string | undefined,
  at?: Micros,
): Promise<Way[]> {
  const all = wanted === 'latest' ? (await allWays(archive)).sort(byNumber) : await allWays(archive);
  const ways = all.filter((way) => liesOn(way, facts));
  if (!ways.some(({ timeline }) => timeline === facts.timeline)) {
    ways.push({ timeline: facts.timeline, path: await archive.timelinePath(facts.timeline) });
  }
  if (wanted === undefined) return begunFirst(ways, at);
  if (wanted === 'latest') return ways;
  const chosen = ways.filter(({ timeline }) => String(timeline) === wanted);
  if (chosen.length > 0) return chosen;
  throw new HoldfastError('timeline_unreachable', `timeline ${wanted} cannot be reached from this backup`, {
    hints: [`reachable: ${ways.map(({ timeline }) => timeline).join(', ')}`],
  });
}

/** Whether the backup had ended before its timeline was left for the next one of the way. */
export function liesOn({ path }: Way, facts: Pick<PostgresFacts, 'timeline' | 'stopLsn'>): boolean {
  const own = path.find(({ timeline }) => timeline === facts.timeline);
  return own !== undefined && (own.to === undefined || own.to >= parseLsn(facts.stopLsn));
}

/** The present way of a database system, or the one to a timeline asked for; undefined where the stores know none. */
export async function wayOfSystem(
  context: SiteContext,
  systemIdentifier: string,
  wanted: string | undefined,
): Promise<Way | undefined> {
  const archive = (await openArchives(context, systemIdentifier))[0];
  if (!archive) return undefined;
  const ways = await allWays(archive);
  if (wanted === undefined) return ways[0];
  return wanted === 'latest' ? ways.sort(byNumber)[0] : ways.find(({ timeline }) => String(timeline) === wanted);
}

function begunFirst(ways: Way[], at: Micros | undefined): Way[] {
  const begunAfter = ({ since }: Way) => at !== undefined && since !== undefined && since > at;
  return [...ways.filter((way) => !begunAfter(way)), ...ways.filter(begunAfter)];
}

const byNumber = (a: Way, b: Way) => b.timeline - a.timeline;

/** The one marked last first; a timeline without its history cannot be reached by anybody. */
async function allWays(archive: WalReading): Promise<Way[]> {
  const found: (Way & { marked: bigint })[] = [];
  for (const timeline of await archive.timelines()) {
    const path = await archive.timelinePath(timeline).catch(() => undefined);
    if (!path) continue;
    const mark = await archive.readCoverage(timeline);
    found.push({ timeline, path, since: mark?.since, marked: mark?.serverTime ?? 0n });
  }
  return found.sort((a, b) => (a.marked === b.marked ? byNumber(a, b) : a.marked < b.marked ? 1 : -1));
}
