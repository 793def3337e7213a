/** The plan of retention as a command sees it: straight from the stores, without an engine. */

import type { LoadedConfig } from '../../../domain/config/types';
import { parseDuration } from '../../../domain/config/units';
import { HoldfastError } from '../../../domain/errors';
import { explainDecision } from '../../../domain/retention/explain';
import type { Decision, StorePlan } from '../../../domain/retention/types';
import { makePlan } from '../../../repository/retention/stages';
import { timelinesFrom } from '../../../repository/retention/timelines';
import { withRepository } from '../../catalog/open';
import { type Column, columns } from '../../output/columns';
import { say } from '../../output/say';

export interface SitePlan extends StorePlan {
  site: string;
}

/** @throws HoldfastError whatever retention refuses by */
export async function plansOf(loaded: LoadedConfig, sites: string[], age: number | undefined): Promise<SitePlan[]> {
  return withRepository(loaded, async (repository) => {
    if (repository === undefined) return [];
    const { copies, unavailable } = repository;
    const partial = unavailable.length > 0;
    const plans: SitePlan[] = [];
    for (const site of sites) {
      const made = await makePlan(copies, {
        config: loaded.config,
        site,
        age,
        partial,
        host: Date.now,
        timelinesIn: timelinesFrom(repository),
      });
      plans.push(...made.map((plan) => ({ site, ...plan })));
    }
    for (const { store, warnings } of plans) for (const one of warnings) say(`warning: ${store}: ${one}`);
    return plans;
  });
}

/** Milliseconds. @throws HoldfastError `usage` */
export function ageOf(text: string | undefined): number | undefined {
  const age = text === undefined ? undefined : parseDuration(text);
  if (text === undefined || (age !== undefined && age > 0)) return age;
  throw new HoldfastError('usage', `--retention ${text} is no age`, { hints: ['write a duration such as 30d or 12w'] });
}

interface Row extends Decision {
  store: string;
  why: string;
}

const shown: Column<Row>[] = [
  { title: 'BACKUP', cell: ({ backupId }) => backupId },
  { title: 'STORE', cell: ({ store }) => store },
  { title: 'WHAT', cell: ({ action }) => action },
  { title: 'WHY', cell: ({ why }) => why },
];

/** For people. */
export function tableOf(plans: SitePlan[], wanted: (one: Decision) => boolean): string {
  const rows = plans.flatMap(({ store, decisions }): Row[] =>
    decisions.filter(wanted).map((one) => ({ ...one, store, why: explainDecision(one) })),
  );
  return rows.length === 0 ? '' : columns(shown, rows);
}

/** With each reason in words, for programs that show it. */
export function jsonOf(plans: SitePlan[]): object[] {
  return plans.map(({ site, store, decisions, wal, warnings }) => ({
    site,
    store,
    backups: decisions.map((one) => ({ ...one, why: explainDecision(one) })),
    wal,
    warnings,
  }));
}
