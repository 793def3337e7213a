/** Draws sequences, runs them, and shrinks those that break a promise. */
import fc from 'fast-check';
import { type Fault, faults } from './faults';
import { runSequence } from './run';
import { type Sequence, sequences, show } from './sequence';

export interface Checked {
  sequences: number;
  violations: Violation[];
}

export interface Violation {
  /** Draws it again, as the first. */
  seed: number;
  shrunk: Sequence;
  faults: string[];
}

export interface CheckOptions {
  sequences: number;
  seed: number;
  fault?: Fault;
  /** So many are looked for; the rest is not run. */
  enough?: number;
  /** false: what broke a promise is told as it was drawn. */
  shrink?: boolean;
  onViolation?: (violation: Violation) => void;
}

export async function check({
  sequences: wanted,
  seed,
  fault,
  enough = 5,
  shrink = true,
  onViolation,
}: CheckOptions): Promise<Checked> {
  const violations: Violation[] = [];
  let done = 0;
  for (let from = seed; done < wanted && violations.length < enough; from += done + 1) {
    const ended = await fc.check(
      fc.asyncProperty(sequences, async (one) => (await runSequence(one, fault)).length === 0),
      { seed: from, numRuns: wanted - done, endOnFailure: !shrink },
    );
    done += ended.numRuns;
    if (!ended.failed) break;
    const shrunk = ended.counterexample?.[0];
    if (shrunk === undefined || shrunk === null) throw new Error('a sequence failed, and none is told');
    const violation = { seed: from, shrunk, faults: await runSequence(shrunk, fault) };
    violations.push(violation);
    onViolation?.(violation);
  }
  return { sequences: done, violations };
}

export function describeViolation({ seed, shrunk, faults: told }: Violation): string {
  return [`violation (seed ${seed}):`, ...told.map((one) => `  ${one}`), show(shrunk), JSON.stringify(shrunk)].join(
    '\n',
  );
}

export { faults };
