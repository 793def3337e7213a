/** The form of `timezone` and `maintenance`, and of the settings of a tier that say when and how it runs. */
import { z } from 'zod';
import { cronProblem } from '../schedule/cron';
import { isZone } from '../schedule/firings';
import { duration } from './schema-values';
import { priorities } from './types-schedules';

export const cron = z.string().superRefine((text, context) => {
  const message = cronProblem(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

export const timezone = z
  .string()
  .refine(isZone, 'expected the name of a time zone, for example UTC or Europe/Berlin')
  .default('UTC')
  .describe('schedules are meant by its clock');

const cronOrOff = (normal: string, what: string) =>
  z
    .string()
    .superRefine((text, context) => {
      const message = text === 'off' ? undefined : cronProblem(text);
      if (message !== undefined) context.addIssue({ code: 'custom', message: `${message}, or off` });
    })
    .default(normal)
    .describe(`${what}: a cron schedule, or off`);

const longestJitter = 86_400_000;

export const jitter = duration
  .refine((ms) => ms <= longestJitter, 'expected at most 24h')
  .describe(
    'runs begin up to this much later, each site by its own chance; absent: three seconds a site, a tenth of the period at the most',
  );

export const priority = z
  .enum(priorities)
  .default('normal')
  .describe('whose steps go first where several wait for a worker');

export const maintenance = z
  .strictObject({
    retention: cronOrOff('0 3 * * *', 'removes what no tier keeps any more'),
    moves: cronOrOff(
      '30 3 * * *',
      'moves what is old enough into colder classes and other stores, where a tier says so',
    ),
    replication: cronOrOff('0 4 * * *', 'copies what is not where it should be'),
    verification: cronOrOff('0 5 * * *', 'verifies a sample'),
    recoveryTests: cronOrOff('0 6 * * 0', 'restores for a test'),
    cleanup: cronOrOff('0 7 * * 0', 'removes what the dead left in the stores'),
    drill: cronOrOff('0 8 1 1,4,7,10 *', 'all scenarios of recovery tests'),
    jitter: jitter.optional(),
    atOnce: z
      .int()
      .min(1)
      .max(1000)
      .default(8)
      .describe('scheduled runs that may work with one store at the same time; the others wait for their turn'),
    pauseLimit: duration
      .default(86_400_000)
      .describe('how long a schedule may be paused before status and metrics complain'),
  })
  .prefault({})
  .describe('what runs by itself besides the tiers, where any tier has a schedule');
