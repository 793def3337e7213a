/** `schedules`: makes the engine run the tiers of the configuration by their schedules, and shows what comes next. */
import { formatDuration } from '../../domain/config/units';
import { configured, type GlobalOptions, type Outcome } from '../context';
import { joinEngine } from '../engine/join';
import { say } from '../output/say';
import { table } from '../output/table';
import { applySchedules, schedulesOf } from '../procedures/schedules';

export async function apply(options: GlobalOptions): Promise<Outcome> {
  const loaded = await configured(options);
  const engine = await joinEngine(loaded, { start: false, say });
  try {
    const applied = await applySchedules(engine.client, loaded.config);
    const text = applied.map(({ id, done }) => `${id} ${done}`).join('\n') || 'no tier has a schedule';
    return { json: applied, text };
  } finally {
    await engine.close();
  }
}

export async function list(options: GlobalOptions): Promise<Outcome> {
  const loaded = await configured(options);
  const engine = await joinEngine(loaded, { start: false, say });
  try {
    const rows = await Promise.all(
      schedulesOf(loaded.config).map(async ({ id, site, tier, cron, every }) => {
        const known = await engine.client.schedule
          .getHandle(id)
          .describe()
          .catch(() => undefined);
        const [last] = known?.info.recentActions.slice(-1) ?? [];
        return {
          ...{
            id,
            site,
            tier,
            cron,
            every: every && every / 1000,
            applied: known !== undefined,
            paused: known?.state.paused ?? false,
          },
          next: known?.info.nextActionTimes[0]?.toISOString() ?? null,
          last: last?.takenAt.toISOString() ?? null,
        };
      }),
    );
    const shown = rows.map(({ site, tier, cron, every, next, last, applied }) => [
      site,
      tier,
      cron ?? `every ${formatDuration((every ?? 0) * 1000)}`,
      applied ? (next ?? '-') : 'not applied',
      last ?? '-',
    ]);
    return { json: rows, text: table(['SITE', 'TIER', 'WHEN (UTC)', 'NEXT', 'LAST'], shown) };
  } finally {
    await engine.close();
  }
}
