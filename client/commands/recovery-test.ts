/** `recovery-test run` plays scenarios; `recovery-test report` shows what the stored results say, as JSON and as one page. */
import { statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { userPath } from '../../components/config-file/load';
import { nearestName } from '../../domain/config/nearest';
import { HoldfastError, reportError } from '../../domain/errors';
import {
  type RecoveryTestRequest,
  recoveryTestWorkflowId,
  type Scenario,
  scenarios,
} from '../../domain/verification/requests';
import { exitOfTest, type RecoveryTestResult } from '../../domain/verification/results';
import { recoveryTestPage } from '../../reports/recovery-test-page';
import { shortRun } from '../../repository/recovery-tests';
import { sitesOfNamed } from '../catalog/named-backup';
import { withRepository } from '../catalog/open';
import { recentTests, testsOfRun } from '../catalog/recovery-tests';
import { configured, type GlobalOptions, type Outcome } from '../context';
import { say } from '../output/say';
import { table } from '../output/table';
import { runProcedures } from '../procedures/run';
import { askedSites } from '../sites';

export interface RunOptions extends GlobalOptions {
  site?: string;
  suite?: string;
  all?: boolean;
  backup?: string;
  restorePath?: string;
  detach?: boolean;
}

export async function run(options: RunOptions, scenario?: string): Promise<Outcome> {
  const wanted = wantedScenarios(options, scenario);
  const { backup = 'latest' } = options;
  const loaded = await configured(options);
  const { config } = loaded;
  const sites = await sitesOfNamed(config, options.site, backup);
  const orders = sites.map((site) => {
    const request: RecoveryTestRequest = {
      ...{ site, scenarios: wanted, backup },
      restorePath: options.restorePath === undefined ? undefined : userPath(options.restorePath),
    };
    const workflowId = recoveryTestWorkflowId(config.system, site);
    return { type: 'recoveryTest' as const, workflowId, request, summary: `recovery test of ${site}`, label: site };
  });
  return runProcedures(loaded, orders, { detach: options.detach });
}

function wantedScenarios({ suite = 'recovery', all }: RunOptions, scenario: string | undefined): Scenario[] {
  if (suite === 'framework') {
    throw new HoldfastError('framework_not_found', 'this version has no framework suite', {
      hints: [`it has the suite "recovery": ${scenarios.join(', ')}`],
    });
  }
  if ((scenario === undefined) === (all !== true)) {
    throw new HoldfastError('usage', 'name a scenario, or say --all', { hints: [`known: ${scenarios.join(', ')}`] });
  }
  if (scenario === undefined) return [...scenarios];
  const known = scenarios.find((one) => one === scenario);
  if (known) return [known];
  const nearest = nearestName(scenario, scenarios);
  throw new HoldfastError('usage', `there is no scenario "${scenario}"`, {
    hints: [nearest === undefined ? `known: ${scenarios.join(', ')}` : `did you mean "${nearest}"?`],
  });
}

export interface ReportOptions extends GlobalOptions {
  site?: string;
  output?: string;
}

/** @param run one of them, whenever it was; absent: the newest */
export async function report(options: ReportOptions, run?: string): Promise<Outcome> {
  const loaded = await configured(options);
  const { config } = loaded;
  const sites = askedSites(config, options.site);
  const results = await withRepository(loaded, (repository) =>
    run === undefined ? recentTests(repository, sites) : testsOfRun(repository, sites, run),
  );
  const newest = results[0];
  if (newest === undefined) {
    throw new HoldfastError('recovery_test_not_run', 'no recovery test was run yet', {
      hints: ['holdfast recovery-test run --all'],
    });
  }
  if (options.output !== undefined) {
    say(`wrote ${await writePage(userPath(options.output), recoveryTestPage(config.system, sites, results), newest)}`);
  }
  // Of each site the last run counts.
  const last = sites.flatMap((site) => results.find((one) => one.site === site) ?? []);
  const exit = Math.max(...last.map(({ status }) => exitOfTest(status)));
  return { json: results, text: describe(results), exit };
}

/** In a directory by the day of the newest run. @returns where it is */
async function writePage(output: string, page: string, { startedAt }: RecoveryTestResult): Promise<string> {
  const isDirectory = statSync(output, { throwIfNoEntry: false })?.isDirectory() === true;
  const named = `backup_test_${startedAt.slice(0, 10).replaceAll('-', '')}.html`;
  const file = isDirectory ? path.join(output, named) : output;
  try {
    await writeFile(file, page);
  } catch (error) {
    throw new HoldfastError('usage', `${file} cannot be written: ${reportError(error).message}`, {
      where: '--output',
      hints: ['name a file, or a directory that is there'],
      cause: error,
    });
  }
  return file;
}

function describe(results: RecoveryTestResult[]): string {
  const rows = results.flatMap(({ site, startedAt, runId, scenarios: played }) =>
    played.map((one) => [
      site,
      startedAt,
      shortRun(runId),
      one.scenario,
      one.status,
      one.backupId ?? '',
      `${one.seconds.toFixed(1)} s`,
      one.error?.message ?? one.evidence.at(-1) ?? '',
    ]),
  );
  return table(['SITE', 'AT', 'RUN', 'SCENARIO', 'STATUS', 'BACKUP', 'TOOK', 'SHOWN'], rows, ['TOOK']);
}
