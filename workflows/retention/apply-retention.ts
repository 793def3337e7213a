/**
 * Keeps of a site's backups what its tiers say. What no rule keeps expires; what expired longer ago than the cool-off, and is needed by nobody, is
 * removed; what no rule keeps and what may not be deleted is archived. Whatever looks wrong is refused before anything is touched.
 */
import { patched } from '@temporalio/workflow';
import type { RetentionRequest } from '../../domain/retention/requests';
import { onSite } from '../frame/bind';
import { type Maintaining, procedure } from '../frame/procedure';
import { awaitUnlock } from './await-unlock';

/** Runs from before this left what was locked to the next run of its schedule. */
const timesUnlocks = 'unlocks are timed';

/** Runs from before this left it as it was. */
const archives = 'what may not be deleted is archived';

const kind: Maintaining<RetentionRequest> = { title: 'retention', maintains: () => ['retention'] };

export const applyRetention = procedure(kind, async (run, request) => {
  const { site } = request;
  const at = (summary: string) => onSite(site, { summary, giveUpAfter: '6 hours' });

  const job = await run.step('look at the stores and plan', () =>
    onSite(site, { summary: 'look at the stores and plan', first: true }).planRetention(request),
  );
  run.warn(...job.warnings);
  run.notify('look at the stores and plan', job.notices);
  const { unlock } = job;
  // First: whatever keeps this run from its end, what waits for its lock goes when that ends.
  if (unlock !== undefined && patched(timesUnlocks))
    await run.afterwards('set the timer for the end of locks', () => awaitUnlock(site, unlock));
  const done = job.stores.map(({ store, keep, move, locked, inArchive }) => ({
    ...{ store, keep, move, expired: 0, removed: 0 },
    ...{ ...(locked && { locked }), ...(inArchive && { inArchive, archived: 0 }) },
  }));
  run.findings.retained = done;
  for (const [number, { store, expire }] of job.stores.entries()) {
    if (expire === 0) continue;
    const title = `expire in ${store}`;
    const { count } = await run.step(title, () => at(title).expireBackups({ job, store }));
    Object.assign(done[number] ?? {}, { expired: count });
  }
  for (const [number, { store, archive = 0 }] of job.stores.entries()) {
    if (archive === 0 || !patched(archives)) continue;
    const title = `mark what is archived in ${store}`;
    const { count, notices } = await run.step(title, () => at(title).archiveBackups({ job, store }));
    run.notify(title, notices);
    if (count > 0) Object.assign(done[number] ?? {}, { archived: count });
  }
  const whole = new Set(job.stores.map(({ store }) => store));
  for (const [number, { store, remove }] of job.stores.entries()) {
    if (remove === 0) continue;
    const title = `remove from ${store}`;
    const { count, left, notices } = await run.step(title, () => at(title).sweepBackups({ job, store }));
    run.warn(...left);
    run.notify(title, notices);
    if (left.length > 0) whole.delete(store);
    Object.assign(done[number] ?? {}, { removed: count });
  }
  for (const { store, systems } of job.stores) {
    // What stays against the plan may need WAL that the plan lets go.
    if (systems === 0 || !whole.has(store)) continue;
    const title = `remove old WAL from ${store}`;
    run.warn(...(await run.step(title, () => at(title).removeOldWal({ job, store }))).left);
  }
});
