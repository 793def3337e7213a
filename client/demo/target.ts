/** The second to come back to: one of the server's clock, with transfers before it and after it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ComponentPoints } from '../catalog/points';
import { type LedgerState, ledgerAt, serverClock } from './bank';
import type { Performance } from './performance';

export interface Target {
  /** RFC 3339, a whole second. */
  at: string;
  /** What was committed by then, counted before the wreck. */
  expected: LedgerState;
}

/** Waits until there are transfers after it and the store covers it. */
export async function chooseTarget(on: Performance, secondsAfter: number): Promise<Target> {
  const { stage, narrator, signal } = on;
  const client = await stage.cluster.connect();
  try {
    const at = `${(await serverClock(client)).slice(0, 19)}Z`;
    narrator.line(`the second to come back to: ${at}; the transfers go on`);
    await sleep(secondsAfter * 1000, undefined, { signal });
    while ((await lastRecoverable(on)) <= at) await sleep(200, undefined, { signal });
    const expected = await ledgerAt(client, at);
    narrator.line(`the store covers it: ${expected.rows} transfers until then, ${expected.later} after it`);
    return { at, expected };
  } finally {
    await client.end();
  }
}

/** The last instant that the store can bring the database back to, RFC 3339; empty: none. */
export async function lastRecoverable({ commands }: Performance): Promise<string> {
  const points = await commands.must<ComponentPoints[]>('points');
  const times = points.flatMap(({ intervals, coveredUntil = '' }) => [coveredUntil, ...intervals.map(({ to }) => to)]);
  return times.toSorted().at(-1) ?? '';
}
