/**
 * When a gap that nobody can close asks for a new base backup: once a gap, when there was a backup before it and there is none behind it.
 * A wish that came to nothing (the worker died with it, another backup was running) is uttered again after ten minutes; one that led to a
 * backup, however that ended, is not.
 */
import type { Checked } from '../../components/postgres/wal/ledger/keep';
import type { Interval } from '../../domain/intervals';
import { formatLsn, type Lsn, parseLsn } from '../../domain/lsn';
import { backupWorkflowId } from '../../domain/requests';
import { isAcknowledged } from '../../domain/wal-ledger';
import { listHeads } from '../../repository/heads';
import { getSealedManifest } from '../../repository/sealed-manifest';
import { readAcknowledged } from '../../repository/wal/ledger';
import type { SiteContext } from '../context';
import type { ShippingEnd } from '../contracts';

export interface Lost {
  timeline: number;
  stretch: Interval<Lsn>;
}

const againMs = 10 * 60_000;

/** The last stretch of the server's own way that is lost, unless somebody has said to know of it. */
export async function lostForGood({ ledgers, server }: Checked): Promise<Lost | undefined> {
  const lost: Lost[] = [];
  for (const { archive, ledger } of ledgers) {
    const candidates = ledger.findings.filter((one) => one.state === 'lost' && one.stretch !== undefined);
    if (candidates.length === 0) continue;
    const acknowledged = await readAcknowledged(archive.ledgerPlace);
    for (const { timeline, stretch } of candidates) {
      const onWay = server?.path.some(
        (one) => one.timeline === timeline && (one.to ?? stretch?.to ?? 0n) > (stretch?.from ?? 0n),
      );
      if (stretch && onWay && !isAcknowledged(timeline, stretch, acknowledged)) lost.push({ timeline, stretch });
    }
  }
  return lost.sort((a, b) => (a.stretch.to < b.stretch.to ? -1 : 1)).at(-1);
}

export async function wantsBackup(
  context: SiteContext,
  component: string,
  { ledgers, server }: Checked,
  lost: Lost,
): Promise<ShippingEnd['backup']> {
  const asked = ledgers
    .flatMap(({ ledger }) => ledger.asked ?? [])
    .find(({ stretch }) => stretch.to === lost.stretch.to);
  const { copies } = await context.repository();
  let [before, since] = [false, false];
  for (const copy of copies) {
    const own = (await listHeads(copy)).heads.filter(
      (head) => head.site === context.site && head.components[component] !== undefined,
    );
    if (asked && own.some(({ startedAt }) => startedAt >= asked.at)) return undefined;
    const newest = own.findLast(({ status, stores }) => status === 'completed' && stores.includes(copy.store.name));
    if (!newest) continue;
    before = true;
    const facts = (await getSealedManifest(copy, newest)).components[component]?.postgres;
    const onWay = server?.path.some(({ timeline }) => timeline === facts?.timeline);
    since ||= facts !== undefined && onWay === true && parseLsn(facts.startLsn) >= lost.stretch.to;
  }
  const now = ledgers[0]?.ledger.checkedAt ?? '';
  if (!before || since || (asked && Date.parse(now) - Date.parse(asked.at) < againMs)) return undefined;
  const { system } = context.config;
  const { site } = context;
  return {
    workflowId: backupWorkflowId(system, site),
    request: { site, type: 'full', components: [component], upload: true },
    reason: `a backup behind the gap: ${formatLsn(lost.stretch.from)} to ${formatLsn(lost.stretch.to)} of ${component} is lost`,
  };
}
