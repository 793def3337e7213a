/** The demo's report: the restore's own receipt, read back from the store, and what was done to it. */
import { accessSync, constants, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadConfig } from '../../components/config-file/load';
import type { ReceiptDetails } from '../../domain/backup';
import { procedureReport } from '../../reports/procedure-report';
import type { Event } from '../../reports/timeline';
import { getReceipt } from '../../repository/receipts';
import { withRepository } from '../catalog/open';
import type { DemoResult } from './performance';
import type { Stage } from './stage';

const fileName = 'holdfast-demo-report.html';

/** Where the person stands; where they may not write, among the temporary files. */
export function reportPath(): string {
  const here = process.env['INIT_CWD'] ?? process.cwd();
  try {
    accessSync(here, constants.W_OK);
    return path.join(here, fileName);
  } catch {
    return path.join(tmpdir(), `holdfast-demo-report-${process.pid}.html`);
  }
}

export interface Told {
  result: DemoResult;
  problems: string[];
  receipt: ReceiptDetails | undefined;
  events: Event[];
}

export function writeReport({ result, problems, receipt, events }: Told): void {
  const { target, rowsExpected, rowsFound, rpoSeconds, rtoSeconds, kills, restored } = result;
  const good = `restored to ${target}: all ${rowsExpected} rows that were committed by then, and none after`;
  const html = procedureReport({
    title: 'A database wrecked and brought back to a chosen second',
    verdict: { good: restored, sentence: restored ? good : problems.join('; ') },
    facts: [
      { label: 'Target', value: target },
      { label: 'Ledger rows', value: `${rowsExpected} expected, ${rowsFound} found` },
      { label: 'From wreck to serving', value: `${rtoSeconds} s, with ${kills} kills of the worker in between` },
      { label: 'Would have been lost', value: `${rpoSeconds} s: the wreck minus the last instant in the store` },
    ],
    receipt,
    events,
  });
  writeFileSync(result.report, html);
}

export async function receiptOf(stage: Stage, key: string | null | undefined): Promise<ReceiptDetails | undefined> {
  if (!key) return undefined;
  Object.assign(process.env, stage.env);
  return withRepository(await loadConfig(stage.configFile, stage.env), async (repository) => {
    const copy = repository?.copies[0];
    return copy && (await getReceipt(copy, key)).holdfast;
  });
}
