/**
 * A year of schedules, and the retention that runs every night: the backups that are left are those which the policy promises, worked out here backup
 * by backup and without a plan.
 */
import type { BackupHead } from '../../../domain/backup';
import { parseConfig } from '../../../domain/config/parse';
import { planSite } from '../../../domain/retention/plan-site';
import { simulate } from '../../model/schedules/site';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const text = `system: shop
sites: { dc01: { components: { etc: { kind: files, paths: [/etc] } } } }
stores: { hot: { kind: dir, path: /hot } }
timezone: America/New_York
maxChain: 20
tiers:
  hourly: { schedule: "0 * * * *", type: incremental, keep: { last: 48 } }
  incremental: { schedule: "30 */6 * * *", type: incremental, keep: { days: 7 } }
  daily: { schedule: "0 2 * * *", type: full, keep: { last: 30, days: 30 } }
  weekly: { schedule: "0 1 * * SUN", type: full, keep: { weeks: 12 } }
  monthly: { schedule: "0 0 1 * *", type: full, keep: { months: 12 } }
  annual: { schedule: "0 12 1 1 *", type: full, keep: { months: 84 } }
`;
const { config } = parseConfig(text, '/holdfast.yaml');
const rules: Record<string, { last: number; days: number }> = {
  hourly: { last: 48, days: 0 },
  incremental: { last: 0, days: 7 },
  daily: { last: 30, days: 30 },
  weekly: { last: 0, days: 84 },
  monthly: { last: 0, days: 360 },
  annual: { last: 0, days: 84 * 30 },
};

const from = Date.UTC(2027, 0, 1, 5);
const to = Date.UTC(2028, 0, 20, 5);
const outages = [
  { from: Date.UTC(2027, 4, 11, 3, 17), to: Date.UTC(2027, 4, 12, 3, 17) },
  { from: Date.UTC(2027, 11, 21, 1, 2), to: Date.UTC(2027, 11, 28, 1, 2) },
];
const year = simulate({ config, from, to, outages, takes: (work) => (work === 'weekly' ? 130 : 9) * minute });

/** What the runs left, in the order of their beginnings: incremental ones build upon the newest that was there. */
const made: BackupHead[] = [];
for (const { work, startedAt, endedAt } of year.runs) {
  const newest = made.findLast((head) => Date.parse(head.endedAt ?? '') <= startedAt);
  const chain = newest === undefined ? [] : [...(newest.chain ?? []), newest.id];
  const builds = config.tiers[work]?.type === 'incremental' && chain.length > 0 && chain.length < config.maxChain;
  made.push({
    ...{ id: `${work}-${startedAt}`, system: 'shop', site: 'dc01', tier: work, type: builds ? 'incremental' : 'full' },
    ...{ status: 'completed', startedAt: iso(startedAt), endedAt: iso(endedAt), bytes: 1, storedBytes: 1 },
    components: { etc: { kind: 'files', runs: 1, packs: 1, files: 1, bytes: 1, storedBytes: 1, warnings: [] } },
    ...{ stores: ['hot'], location: '/hot', ...(builds && { chain }) },
  });
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

/** Night by night, by the code that runs. */
function byPlan(): BackupHead[] {
  let heads: BackupHead[] = [];
  let next = 0;
  for (const now of year.retention) {
    for (; next < made.length && Date.parse(made[next]?.endedAt ?? '') <= now; next++)
      heads.push({ ...made[next] } as BackupHead);
    const view = { store: 'hot', heads, damaged: [], spared: [], leases: [], now, holdsBackups: true };
    const [plan] = planSite([view], { config, site: 'dc01', partial: false });
    const action = new Map(plan?.decisions.map((one) => [one.backupId, one.action]));
    heads = heads
      .filter(({ id }) => action.get(id) !== 'remove')
      .map((head) => (action.get(head.id) === 'expire' ? { ...head, status: 'expired', expiredAt: iso(now) } : head));
  }
  return heads;
}

/** Of each backup alone: when its tier wants it no more, when nothing that builds upon it is left, and a day more. */
function byPolicy(): string[] {
  const nightAfter = (at: number) => year.retention.find((night) => night >= at) ?? Number.POSITIVE_INFINITY;
  const gone = new Map<string, { expired: number; removed: number }>();
  const dependants = new Map<string, string[]>();
  for (const { id, chain = [] } of made)
    for (const one of chain) dependants.set(one, [...(dependants.get(one) ?? []), id]);
  for (const [at, head] of [...made.entries()].reverse()) {
    const { last = 0, days = 0 } = rules[head.tier ?? ''] ?? {};
    const pushedOut = made.slice(at + 1).filter(({ tier }) => tier === head.tier)[last - 1];
    const byCount = last === 0 ? 0 : Date.parse(pushedOut?.endedAt ?? '9999-01-01T00:00:00Z');
    const ends = (dependants.get(head.id) ?? []).map((id) => gone.get(id) ?? { expired: 0, removed: 0 });
    let expired = nightAfter(Math.max(byCount, Date.parse(head.startedAt) + days * day));
    for (const end of ends.toSorted((a, b) => a.expired - b.expired)) {
      // With it, when it expires that night; else only when it is there no more.
      if (end.expired >= expired) expired = end.expired;
      else if (end.removed > expired) expired = end.removed;
    }
    const removed = Math.max(nightAfter(expired + day), ...ends.map((end) => end.removed));
    gone.set(head.id, { expired, removed });
  }
  const end = year.retention.at(-1) ?? 0;
  return made
    .filter(({ id, endedAt }) => (gone.get(id)?.removed ?? 0) > end && Date.parse(endedAt ?? '') <= end)
    .map(({ id }) => id);
}

test('the backups that are left at the end of a year are exactly those that the policy promises', () => {
  const left = byPlan();
  expect(left.map(({ id }) => id).sort()).toEqual(byPolicy().sort());
  const offered = (tier: string) => left.filter((head) => head.tier === tier && head.status === 'completed').length;
  expect(offered('hourly')).toBeGreaterThanOrEqual(48);
  expect(offered('daily')).toBeGreaterThanOrEqual(30);
  expect(offered('weekly')).toBeGreaterThanOrEqual(11);
  expect(offered('annual')).toBe(2);
  const kept = new Set(left.map(({ id }) => id));
  expect(left.flatMap(({ chain = [] }) => chain.filter((id) => !kept.has(id)))).toEqual([]);
});
