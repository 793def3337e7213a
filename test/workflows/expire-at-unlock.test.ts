/** The timer of a site that waits for the end of a lock: one, reset when something else comes first, and gone when nothing is left. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { unlockWorkflowId } from '../../domain/retention/requests';
import { awaited, locked } from '../replay/scenes-unlock';
import { startTemporal } from '../support/temporal';
import { mockedSite } from './mocked-site';
import { onStage } from './with-workers';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTemporal();
});
afterAll(async () => await env?.teardown());

const hour = 3_600_000;
const { planRetention: nothingLocked } = mockedSite('').activities;

/** Answers of one run of retention after the other; the last one stays. */
function planning(...answers: (() => unknown)[]): { planRetention: () => unknown } {
  return { planRetention: () => (answers.length > 1 ? answers.shift() : answers[0])?.() };
}
const isLocked = (inMs: number) => locked(inMs)['planRetention'] as () => unknown;
const isFree = () => nothingLocked({ site: 'dc01' });

test('retention leaves one timer behind, which starts it again until nothing is locked any more', async () => {
  const plans = planning(isLocked(1500), isLocked(1000), isFree);
  await onStage(env, plans, async ({ calls, site, start }) => {
    const timer = env.client.workflow.getHandle(unlockWorkflowId(site, site));
    const result = await (await start('applyRetention', {}, `retention/${site}/${site}`)).result();
    expect(result).toMatchObject({ status: 'completed', warnings: [] });
    await timer.result();
    expect(calls.filter((call) => call === 'planRetention')).toHaveLength(3);
    expect((await timer.describe()).status.name).toBe('COMPLETED');
  });
});

test('a run that finds an earlier end resets the timer, and starts no second one', async () => {
  const plans = planning(isLocked(0), isFree);
  await onStage(env, plans, async ({ calls, site, start }) => {
    const timer = await start('expireAtUnlock', awaited(hour), unlockWorkflowId(site, site));
    await (await start('applyRetention', {}, `retention/${site}/${site}`)).result();
    // It waits for the very same lock already: an hour of waiting is not begun anew for that.
    expect((await timer.describe()).historyLength).toBeLessThan(20);
    await timer.signal('nextUnlock', { store: 'near', backupId: 'b', what: 'lock', until: '', due: Date.now() });
    await timer.result();
    expect(calls.filter((call) => call === 'planRetention')).toHaveLength(2);
  });
});

test('a lock that has not ended by the clock of its store is waited for again', async () => {
  const plans = planning(isLocked(0), isFree);
  await onStage(env, plans, async ({ calls, site, start }) => {
    const timer = await start('expireAtUnlock', awaited(0), unlockWorkflowId(site, site));
    await timer.result();
    expect(calls.filter((call) => call === 'planRetention')).toHaveLength(2);
  });
});
