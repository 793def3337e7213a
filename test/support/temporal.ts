/** A real Temporal dev server for tests, ended by its own handle. */

import { existsSync } from 'node:fs';
import path from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { attributes } from '../../workflows/frame/attributes';

let installed = false;

/** The CLI that the bootstrap found or fetched; a test never skips for want of it. */
export function temporalCli(): string {
  const candidates = [
    process.env['HOLDFAST_TEMPORAL_CLI'],
    ...(process.env['PATH'] ?? '').split(path.delimiter).map((folder) => path.join(folder, 'temporal')),
    path.join(process.env['HOLDFAST_CACHE'] ?? '/var/cache/holdfast', 'bin', 'temporal'),
  ];
  const found = candidates.find((file) => file !== undefined && existsSync(file));
  if (found === undefined) throw new Error('no Temporal CLI: run the tests through `npm test`, which fetches it');
  return found;
}

export async function startTemporal(): Promise<TestWorkflowEnvironment> {
  if (!installed)
    Runtime.install({
      logger: new DefaultLogger('ERROR'),
      telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
    });
  installed = true;
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporalCli() },
      log: { level: 'error', format: 'json' },
      searchAttributes: Object.values(attributes),
    },
  });
}
