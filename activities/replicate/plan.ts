/** What of a site is to be copied, a page at a time: a history carries a few ids, and never a catalog. */
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import type { ReplicateAllRequest } from '../../domain/replication/requests';
import { type Holding, type LackingCopy, lackingCopies } from '../../domain/replication/wanted';
import { backupOfHead, listHeads } from '../../repository/heads';
import type { Repository } from '../../repository/repository';
import { answering } from '../answering';
import type { SiteContext } from '../context';
import type { ReplicationPage } from './contracts';

const pageSize = 40;

export async function nextToCopy(
  context: SiteContext,
  { stores, without = [], after }: ReplicateAllRequest & { after?: string },
): Promise<ReplicationPage> {
  const holdings = await holdingsOf(await context.repository(), cancellationSignal(), heartbeat);
  return pageOf(lackingCopies(context.config, context.site, holdings, stores), without, after);
}

export function pageOf(lacking: LackingCopy[], without: string[], after?: string): ReplicationPage {
  const rest = lacking.filter((one) => after === undefined || placeOf(one) > after);
  const open = rest.filter(({ to }) => to.some((store) => !without.includes(store)));
  const page = open.slice(0, pageSize);
  const last = page.at(-1);
  const end = open.length > page.length && last !== undefined ? placeOf(last) : undefined;
  const passed = rest.filter((one) => one.enough > 0 && one.to.every((store) => without.includes(store)));
  const [first, ...others] = passed.filter((one) => end === undefined || placeOf(one) <= end);
  return {
    backups: page.map(({ backupId, to, enough }) => ({ backupId, to, enough })),
    ...(first && { leftOut: { count: 1 + others.length, first: first.backupId } }),
    ...(end !== undefined && { after: end }),
  };
}

function placeOf({ startedAt, backupId }: LackingCopy): string {
  return `${startedAt} ${backupId}`;
}

/** Of the stores that can be reached: what is wanted in the others is lacking, and told when it is tried. */
async function holdingsOf(
  { copies }: Repository,
  signal: AbortSignal,
  beat: (details: unknown) => void,
): Promise<Holding[]> {
  const holdings: Holding[] = [];
  for (const { copy, answer } of await answering(copies, (one) => listHeads(one, signal))) {
    const { heads, damaged } = answer;
    holdings.push({ store: copy.store.name, heads, unreadable: new Set(damaged.map(({ key }) => backupOfHead(key))) });
    beat(copy.store.name);
  }
  return holdings;
}
