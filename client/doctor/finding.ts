/** What a check found, and how to mend it. */
import type { Finding } from '../../components/postgres/check';
import { reportError } from '../../domain/errors';

export type { Finding } from '../../components/postgres/check';

/** Findings of one area: `engine`, `store hot`, `dc01 database`. */
export interface Examined {
  area: string;
  findings: Finding[];
}

export function ok(code: string, what: string): Finding {
  return { code, level: 'ok', what };
}

export function warning(code: string, what: string, hint: string): Finding {
  return { code, level: 'warning', what, hint };
}

export function problem(code: string, what: string, hint?: string): Finding {
  return { code, level: 'error', what, hint };
}

/** Runs a check; what it throws is a finding too. */
export async function examine(area: string, check: () => Promise<Finding[]>): Promise<Examined> {
  try {
    return { area, findings: await check() };
  } catch (error) {
    return { area, findings: [findingOf(error)] };
  }
}

export function findingOf(error: unknown): Finding {
  const { code, message, where, hints } = reportError(error);
  return problem(code, where === undefined ? message : `${message} (${where})`, hints[0]);
}
