/** Whoever is told, and whatever becomes of that: the work is done, and its receipt says who did not hear of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { ReceiptOrder } from '../../activities/contracts';
import type { Delivery } from '../../domain/notifications/notice';
import type { ProcedureProgress, ProcedureResult } from '../../domain/progress';
import { removing } from '../replay/scenes-notices';
import { startTemporal } from '../support/temporal';
import { type Behaviour, failing, hang } from './mocked-site';
import { onStage } from './with-workers';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTemporal();
});
afterAll(async () => {
  await env?.teardown();
});

/** What was written into receipts. */
function receipts(): { behaviour: Behaviour; warnings: string[] } {
  const warnings: string[] = [];
  const writeReceipt = ({ details }: ReceiptOrder) => {
    warnings.push(...details.warnings);
    return 'receipts/0000000001.json';
  };
  return { behaviour: { writeReceipt }, warnings };
}

const inVain = ['hot', 'warm'].flatMap((store) =>
  ['ops', 'dba'].map((target) => `"removed from ${store}" did not reach ${target}: notification_refused happened`),
);

test('what reaches nobody is a line in the result and in the receipt, and the work is completed', async () => {
  const { behaviour, warnings } = receipts();
  const told = { ...behaviour, deliverNotice: failing('notification_refused') };
  await onStage(env, removing(told), async ({ start }) => {
    const result = (await (await start('applyRetention', {})).result()) as ProcedureResult;
    expect(result).toMatchObject({ status: 'completed', retained: [{ removed: 1 }, { removed: 1 }] });
    const all = ['"not proved" did not reach pager: notification_refused happened', ...inVain];
    expect(result.warnings.toSorted()).toEqual(all.toSorted());
    expect(warnings.toSorted()).toEqual(all.toSorted());
  });
});

test('what fails for a moment is tried again as the same occasion, and each step is one of its own', async () => {
  const seen: string[] = [];
  const deliverNotice = ({ target, occasion, notice }: Delivery) => {
    seen.push(`${target} ${notice.subject}: ${occasion.split('/').slice(-1)[0]}`);
    if (seen.filter((one) => one === seen.at(-1)).length === 1) throw new Error('not yet');
  };
  await onStage(env, removing({ deliverNotice }), async ({ start }) => {
    const result = (await (await start('applyRetention', {})).result()) as ProcedureResult;
    expect([result.status, result.warnings]).toEqual(['completed', []]);
    const twice = (one: string) => [one, one];
    const steps = ['hot', 'warm'].flatMap((store) =>
      ['dba', 'ops'].map((target) => `${target} removed from ${store}: remove from ${store}`),
    );
    expect(seen.toSorted()).toEqual(
      [...steps, 'pager not proved: look at the stores and plan'].flatMap(twice).toSorted(),
    );
  });
});

test('the work does not wait for whoever does not answer, and says so at its end', async () => {
  await onStage(env, removing({ deliverNotice: hang }), async ({ calls, start }) => {
    const handle = await start('applyRetention', {});
    for (;;) {
      const { message, steps } = await handle.query<ProcedureProgress>('progress');
      if (message === undefined) {
        await sleep(50);
        continue;
      }
      expect(message).toBe('the work is done; who is to be told is being told');
      expect(steps.map(({ state }) => state)).toEqual(['completed', 'completed', 'completed']);
      break;
    }
    expect(calls).not.toContain('writeReceipt');
    await handle.terminate();
  });
});

test('an abort is not one of what is to be told', async () => {
  let sweeps = 0;
  const aborted = Promise.withResolvers<void>();
  const delivered: string[] = [];
  const { sweepBackups } = removing();
  const { behaviour, warnings } = receipts();
  const told = {
    ...behaviour,
    sweepBackups: (part: never) => (++sweeps === 1 ? sweepBackups?.(part) : hang()),
    deliverNotice: async ({ target, notice }: Delivery) => {
      await aborted.promise;
      delivered.push(`${target}: ${notice.subject}`);
    },
  };
  await onStage(env, removing(told), async ({ start }) => {
    const handle = await start('applyRetention', {});
    while (sweeps < 2) await sleep(50);
    await handle.cancel();
    await sleep(500);
    aborted.resolve();
    await expect(handle.result()).rejects.toThrow('cancelled');
    expect(delivered.toSorted()).toEqual(['dba: removed from hot', 'ops: removed from hot', 'pager: not proved']);
    expect(warnings).toEqual([]);
  });
});
