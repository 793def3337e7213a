/** What of a site is to be copied, a page at a time: a history carries a few ids, and never a catalog. */
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import type { ReplicateAllRequest } from '../../domain/replication/requests';
import { type Holding, lackingCopies } from '../../domain/replication/wanted';
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
  const lacking = lackingCopies(context.config, context.site, holdings, stores).filter(({ to }) =>
    to.some((store) => !without.includes(store)),
  );
  const rest = lacking.filter(({ startedAt, backupId }) => after === undefined || `${startedAt} ${backupId}` > after);
  const page = rest.slice(0, pageSize);
  const last = page.at(-1);
  const more = rest.length > page.length && last !== undefined;
  return {
    backups: page.map(({ backupId, to, enough }) => ({ backupId, to, enough })),
    ...(more && { after: `${last.startedAt} ${last.backupId}` }),
  };
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
