/** What a recovery test found, as it is kept in the stores and shown in reports. */
import { z } from 'zod';
import { catalogue, type ErrorCode } from '../errors';
import { scenarios } from './requests';

export const verdicts = ['proved', 'failed', 'could_not_run'] as const;

const scenarioResult = z.looseObject({
  scenario: z.enum(scenarios),
  status: z.enum(verdicts),
  backupId: z.string().optional(),
  /** What of which copy was restored, in a sentence. */
  chosen: z.string().optional(),
  /** Of what was drawn by chance: the same draws it again from the same backups. */
  seed: z.string().optional(),
  startedAt: z.string(),
  seconds: z.number(),
  evidence: z.array(z.string()),
  warnings: z.array(z.string()),
  error: z.looseObject({ code: z.string(), message: z.string() }).optional(),
});
export type ScenarioResult = z.infer<typeof scenarioResult>;

export const recoveryTestSchema = z.looseObject({
  format: z.literal(1),
  system: z.string(),
  site: z.string(),
  /** The run of the workflow; one result a run. */
  runId: z.string(),
  startedAt: z.string(),
  endedAt: z.string(),
  status: z.enum(verdicts),
  scenarios: z.array(scenarioResult),
});
export type RecoveryTestResult = z.infer<typeof recoveryTestSchema>;

/** The worst counts, and what could not run is worse than nothing and better than a failure. */
export function worst(results: Pick<ScenarioResult, 'status'>[]): RecoveryTestResult['status'] {
  if (results.some(({ status }) => status === 'failed')) return 'failed';
  return results.some(({ status }) => status === 'could_not_run') ? 'could_not_run' : 'proved';
}

/** Of a whole run: which error it ends with. */
export const codeOf: Record<'failed' | 'could_not_run', ErrorCode> = {
  failed: 'recovery_failed',
  could_not_run: 'recovery_test_not_run',
};

/** 0 proved, 1 failed, 2 could not run. */
export function exitOfTest(status: RecoveryTestResult['status']): number {
  return status === 'proved' ? 0 : catalogue[codeOf[status]].exit;
}
