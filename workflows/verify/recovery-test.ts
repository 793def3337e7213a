/** Recovery tests: each scenario in turn, whatever becomes of the others, and what they found kept in the stores. */
import { log, workflowInfo } from '@temporalio/workflow';
import { scenarios as everything, type RecoveryTestRequest, type Scenario } from '../../domain/verification/requests';
import { codeOf, type RecoveryTestResult, type ScenarioResult, worst } from '../../domain/verification/results';
import { verdictOf } from '../../domain/verification/verdict';
import { onSite } from '../frame/bind';
import { asChild, type ChildEnd } from '../frame/child';
import { refuse } from '../frame/failure';
import { type Maintaining, procedure } from '../frame/procedure';

/** The quarter's drill is all of them, and so also what the week's test is. */
const kind: Maintaining<RecoveryTestRequest> = {
  title: 'recovery test',
  maintains: ({ scenarios, backup }) => {
    if (backup !== 'latest' || !scenarios.includes('full_recovery')) return [];
    return everything.every((one) => scenarios.includes(one)) ? ['recoveryTests', 'drill'] : ['recoveryTests'];
  },
};

export const recoveryTest = procedure(kind, async (run, request) => {
  const { site } = request;
  const began = new Date().toISOString();
  const results: ScenarioResult[] = [];
  for (const scenario of request.scenarios) {
    const result = await run.step(`scenario ${scenario}`, () => played(request, scenario));
    results.push(result);
    if (result.status !== 'proved') run.warn(`${scenario}: ${result.status}: ${result.error?.message ?? ''}`);
  }
  const status = worst(results);
  const told = await run.step('store the results', () =>
    onSite(site, { summary: 'store the results', giveUpAfter: '1 hour' }).storeRecoveryTest({
      ...{ format: 1, site, system: systemOf(), runId: workflowInfo().runId, status, scenarios: results },
      ...{ startedAt: began, endedAt: new Date().toISOString() },
    }),
  );
  run.tell({ recoveryTest: { status, result: told, scenarios: results.map(short) } });
  if (status === 'proved') return;
  const bad = results.filter((one) => one.status === status).map(({ scenario }) => scenario);
  log.error('a recovery test did not prove what it was to prove', { site, status, scenarios: bad });
  const what = status === 'failed' ? 'failed' : 'could not run';
  refuse(codeOf[status], `${bad.length} of ${results.length} scenarios ${what}: ${bad.join(', ')}`, [
    'holdfast recovery-test report shows what each of them found',
  ]);
});

async function played(request: RecoveryTestRequest, scenario: Scenario): Promise<ScenarioResult> {
  const { site, backup, restorePath } = request;
  const began = new Date();
  const end = await asChild({
    type: 'recoveryScenario',
    workflowId: `${workflowInfo().workflowId}/${scenario}`,
    request: { site, backup, scenario, restorePath },
    summary: `${scenario} of ${site}`,
  });
  return resultOf(scenario, began, end);
}

/** Only what is told fits a history: a few lines of evidence each. */
const linesKept = 20;

function resultOf(scenario: Scenario, began: Date, { result, error }: ChildEnd): ScenarioResult {
  const { evidence, chosen, seed } = result?.details ?? {};
  const lines = Array.isArray(evidence) ? evidence.map(String) : [];
  return {
    ...{ scenario, status: error ? verdictOf(error.code) : 'proved', startedAt: began.toISOString() },
    ...(result?.backupId !== undefined && { backupId: result.backupId }),
    ...(typeof chosen === 'string' && { chosen }),
    ...(typeof seed === 'string' && { seed }),
    seconds: (Date.now() - began.getTime()) / 1000,
    evidence: lines.slice(0, linesKept),
    warnings: (result?.warnings ?? []).slice(0, linesKept),
    ...(error && { error: { code: error.code, message: error.message } }),
  };
}

function short({ scenario, status, seconds, backupId }: ScenarioResult) {
  return { scenario, status, seconds, backupId };
}

/** The first part behind the kind of the workflow's id: `recovery-test/<system>/<site>`. */
function systemOf(): RecoveryTestResult['system'] {
  return workflowInfo().workflowId.split('/')[1] ?? '';
}
