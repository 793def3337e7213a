/**
 * `npm run soak:sites [-- --sites N --due TIERS --seed S --bound SECONDS --stall SECONDS]`: every tier at every site comes due in the same minute, as the engine has it. Tells
 * how late runs began, how they ended, what the control worker needed and how long histories are, and on the way how many have; ends with 1 when a run began later than the
 * bound or failed, and when for longer than `--stall` (15 minutes) nothing began and nothing ended.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { applyChanges } from '../../../client/schedules/apply';
import { diffSchedules } from '../../../client/schedules/diff';
import { describeSchedule, forEach } from '../../../client/schedules/known';
import { wantedSchedules } from '../../../client/schedules/options';
import { maintenanceKinds } from '../../../domain/config/types-schedules';
import { formatBytes } from '../../../domain/config/units';
import { attributes } from '../../../workflows/frame/attributes';
import { Deployment } from './deployment';
import { Watch } from './watch';

export interface SoakOptions {
  sites: number;
  sitesPerAgent: number;
  /** Which minute of the hour they come due, as far as chance has a say. */
  seed: number;
  /** How many of the tiers come due; absent: all. */
  due?: number;
  /** Seconds without any run that begins or ends, after which it is given up. */
  stall?: number;
  say?: (line: string) => void;
}

export interface SoakFindings {
  schedules: number;
  applySeconds: number;
  /** Seconds from when a run was due, jitter included, to when it began. */
  late: { median: number; worst: number };
  outcomes: Record<string, number>;
  /** Why runs were skipped. */
  reasons: string[];
  controlMemory: number;
  /** Polls for activities: how many were open before anything came due, and how many the server refused. */
  polls: { open: number; refused: number };
  /** Of scheduled runs and of what they did: the longest. */
  events: number;
  historyBytes: number;
  seconds: number;
}

/** Small runs: a turn that comes up is taken after some 20 s, ten times as long as the work itself. */
const maintenance = { ...Object.fromEntries(maintenanceKinds.map((kind) => [kind, 'off'])), atOnce: 32 };

/** The names and types of the full set, all due at once: worse than it ever is. */
const types = {
  hourly: 'incremental',
  incremental: 'incremental',
  daily: 'full',
  weekly: 'full',
  monthly: 'full',
  annual: 'full',
};

export async function soak({
  sites,
  sitesPerAgent,
  seed,
  due: howMany = Infinity,
  stall = 900,
  say = () => undefined,
}: SoakOptions): Promise<SoakFindings> {
  const began = Date.now();
  const jitter = `${Math.max(1, Math.min(600, sites * 3))}s`;
  const tiers = Object.fromEntries(
    Object.entries(types).map(([name, type], at) => {
      // The others come due half a year from now.
      const month = ((new Date().getUTCMonth() + 6) % 12) + 1;
      const schedule = at < howMany ? '* * * * *' : `0 0 1 ${month} *`;
      return [name, { schedule, type, jitter, to: ['hot'], keep: { last: 3 } }];
    }),
  );
  const deployment = await Deployment.start({ sites, sitesPerAgent, tiers, maintenance });
  try {
    const { client } = deployment.env;
    say(`${sites} sites have their agents`);
    // Once a day, so that nobody waits in vain; far enough ahead for every schedule to be in place by then.
    const ready = Date.now() + (10 + sites * 0.8 + (seed % 60)) * 1000;
    const due = new Date(Math.ceil(ready / 60_000) * 60_000);
    for (const tier of Object.values(deployment.config.tiers)) {
      if (tier.schedule === '* * * * *') tier.schedule = `${due.getUTCMinutes()} ${due.getUTCHours()} * * *`;
    }
    const applying = Date.now();
    await applyChanges(client, await diffSchedules(client, deployment.config));
    const applySeconds = (Date.now() - applying) / 1000;
    say(`schedules are applied; runs are due at ${due.toISOString()}`);
    const all = wantedSchedules(deployment.config, Object.keys(deployment.config.sites));
    const wanted = all.filter(({ planned }) => Object.keys(types).indexOf(planned.work) < howMany);
    let controlMemory = 0;
    const { open } = await deployment.polls();
    const watch = new Watch(client.workflow, wanted.length, { since: due.getTime(), stall, say });
    while (!(await watch.look())) {
      controlMemory = Math.max(controlMemory, deployment.controlMemory());
      if (deployment.control.exitCode !== null) throw new Error('the control worker ended');
      await sleep(1000);
    }
    const actions = await forEach(
      wanted,
      async ({ id }) => (await describeSchedule(client, id))?.info.recentActions[0],
    );
    const late = actions
      .map((one) => (one === undefined ? Number.POSITIVE_INFINITY : one.takenAt.getTime() - one.scheduledAt.getTime()))
      .sort((a, b) => a - b)
      .map((ms) => ms / 1000);
    return {
      ...{ schedules: all.length, applySeconds, controlMemory },
      polls: { open, refused: (await deployment.polls()).refused },
      late: { median: late[Math.floor(late.length / 2)] ?? 0, worst: late.at(-1) ?? 0 },
      ...(await histories(deployment)),
      seconds: (Date.now() - began) / 1000,
    };
  } finally {
    await deployment.end();
  }
}

async function histories({
  env,
}: Deployment): Promise<Pick<SoakFindings, 'outcomes' | 'reasons' | 'events' | 'historyBytes'>> {
  const outcomes: Record<string, number> = {};
  const reasons = new Set<string>();
  let [events, historyBytes] = [0, 0];
  for await (const one of env.client.workflow.list({ query: 'ExecutionStatus != "Running"' })) {
    events = Math.max(events, one.historyLength);
    historyBytes = Math.max(historyBytes, one.historySize ?? 0);
    if (one.type !== 'scheduledRun') continue;
    const outcome = one.typedSearchAttributes.get(attributes.outcome) ?? 'unknown';
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (typeof one.memo?.['reason'] === 'string') reasons.add(one.memo['reason']);
  }
  return { outcomes, reasons: [...reasons].slice(0, 5), events, historyBytes };
}

async function cli(): Promise<number> {
  const { values } = parseArgs({
    options: {
      sites: { type: 'string' },
      seed: { type: 'string' },
      bound: { type: 'string' },
      stall: { type: 'string' },
      due: { type: 'string' },
    },
  });
  const sites = Number(values.sites ?? 200);
  const bound = Number(values.bound ?? 60);
  const found = await soak({
    sites,
    sitesPerAgent: 25,
    seed: Number(values.seed ?? 1),
    due: values.due === undefined ? undefined : Number(values.due),
    stall: values.stall === undefined ? undefined : Number(values.stall),
    say: (line) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`),
  });
  const { outcomes, late } = found;
  const lines = [
    `${sites} sites, ${found.schedules} schedules applied in ${found.applySeconds.toFixed(1)} s`,
    `runs began ${late.median.toFixed(1)} s late in the median, ${late.worst.toFixed(1)} s at worst (bound ${bound} s)`,
    `ended: ${Object.entries(outcomes)
      .map(([outcome, count]) => `${count} ${outcome}`)
      .join(', ')}`,
    ...found.reasons.map((reason) => `reason: ${reason}`),
    `polls: ${found.polls.open} open while nothing was due, ${found.polls.refused} refused`,
    `control worker: ${formatBytes(found.controlMemory)} in memory at most`,
    `longest history: ${found.events} events, ${formatBytes(found.historyBytes)}`,
    `${found.seconds.toFixed(0)} s in all`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return late.worst <= bound && outcomes['failed'] === undefined ? 0 : 1;
}

if (require.main === module) {
  cli().then(
    (code) => process.exit(code),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
}
