/** What a sample and a recovery test looked at, and what came of each: their results are told in the details of the procedure. */
import type { ProcedureResult } from '../../domain/progress';

interface Told {
  sample: { what: string; verdict: string }[];
  recoveryTest: { scenarios: { scenario: string; status: string; seconds: number; backupId?: string }[] };
}

export function describeProofs(details: ProcedureResult['details'] = {}): string[] {
  const { sample = [], recoveryTest } = details as Partial<Told>;
  return [
    ...sample.map(({ what, verdict }) => `  ${inWords(verdict)}: ${what}`),
    ...(recoveryTest?.scenarios ?? []).map(
      ({ scenario, status, seconds, backupId }) =>
        `  ${inWords(status)}: ${scenario}${backupId === undefined ? '' : ` of ${backupId}`} in ${seconds.toFixed(1)} s`,
    ),
  ];
}

function inWords(verdict: string): string {
  return verdict.replaceAll('_', ' ');
}
