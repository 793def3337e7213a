/**
 * A site over years, without waiting for them: the planner says when something is due, and the rules that are applied to the engine say what comes
 * of it. Overlap: what still goes on is not doubled. Catch-up: of what an outage swallowed one run. Turn: one backup of a site at a time, waited for
 * as long as the grace allows.
 */
import type { Config } from '../../../domain/config/types';
import { firings } from '../../../domain/schedule/firings';
import { madeUpFor } from '../../../domain/schedule/pace';
import { type PlannedWork, plannedWork } from '../../../domain/schedule/plan';

export interface Outage {
  from: number;
  to: number;
}

export interface SimulatedRun {
  work: string;
  startedAt: number;
  endedAt: number;
}

export interface Simulated {
  runs: SimulatedRun[];
  /** Firings at which the retention ran. */
  retention: number[];
  skipped: { work: string; at: number; why: 'still running' | 'waited in vain' }[];
  missed: { work: string; at: number }[];
}

export interface Scene {
  config: Config;
  from: number;
  to: number;
  outages: Outage[];
  /** How long a run takes, milliseconds. */
  takes: (work: string, startedAt: number) => number;
}

interface Due {
  planned: PlannedWork;
  at: number;
}

export function simulate(scene: Scene): Simulated {
  const found: Simulated = { runs: [], retention: [], skipped: [], missed: [] };
  const openUntil = new Map<string, number>();
  let siteFreeAt = 0;
  for (const { planned, at } of dues(scene, found)) {
    const { work, kind } = planned;
    if (kind === 'retention') found.retention.push(at);
    if (kind !== 'tier') continue;
    if ((openUntil.get(work) ?? 0) > at) {
      found.skipped.push({ work, at, why: 'still running' });
      continue;
    }
    const alone = scene.config.tiers[work]?.type === 'point';
    const startedAt = alone ? at : Math.max(at, siteFreeAt);
    if (startedAt - at > planned.grace) {
      found.skipped.push({ work, at, why: 'waited in vain' });
      openUntil.set(work, at + planned.grace);
      continue;
    }
    const endedAt = startedAt + scene.takes(work, startedAt);
    if (!alone) siteFreeAt = endedAt;
    openUntil.set(work, endedAt);
    found.runs.push({ work, startedAt, endedAt });
  }
  return found;
}

/** Everything that is due, in order; in that of the configuration where several are at once. */
function dues({ config, from, to, outages }: Scene, found: Simulated): Due[] {
  const all = plannedWork(config).flatMap((planned) => {
    const own: Due[] = [];
    const swallowed = new Map<Outage, number[]>();
    for (const at of firings(planned.timing, from - 1)) {
      if (at >= to) break;
      const outage = outages.find((one) => one.from <= at && at < one.to);
      if (outage === undefined) own.push({ planned, at });
      else swallowed.set(outage, [...(swallowed.get(outage) ?? []), at]);
    }
    for (const [outage, times] of swallowed) {
      const late = madeUpFor(times, outage.to, planned.catchUp);
      if (late !== undefined) own.push({ planned, at: outage.to });
      for (const at of times) if (at !== late) found.missed.push({ work: planned.work, at });
    }
    return own;
  });
  return all.sort((a, b) => a.at - b.at);
}
