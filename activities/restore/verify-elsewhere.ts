/** Before a restore it is enough that some store has every object: what is not right in the one that was chosen is looked for in the others. */
import { log } from '@temporalio/activity';
import type { RunIndex } from '../../domain/pack';
import type { RepositoryCopy } from '../../repository/copy';
import { mayBeElsewhere } from '../../repository/elsewhere';
import { isSound } from '../../repository/repair';
import type { Damage, VerifyOutcome } from '../../repository/verify';
import type { VerifyRunWork } from '../contracts';
import { type manifestOf, runOf } from './job';

export interface VerifiedElsewhere {
  outcome: VerifyOutcome;
  warnings: string[];
}

/**
 * @param verify of one copy: what of the run is damaged there
 * @returns as damaged what no copy has
 */
export async function verifyElsewhere(
  { copy, manifest }: Awaited<ReturnType<typeof manifestOf>>,
  { component, run, level }: VerifyRunWork,
  verify: (copy: RepositoryCopy) => Promise<VerifyOutcome>,
): Promise<VerifiedElsewhere> {
  const copies = [copy, ...(copy.others ?? [])];
  let failure: unknown;
  for (const [at, first] of copies.entries()) {
    let outcome: VerifyOutcome;
    try {
      outcome = await verify(first);
    } catch (error) {
      if (!mayBeElsewhere(error)) throw error;
      failure ??= error;
      continue; // a store that does not answer: the next one is asked for everything
    }
    if (outcome.damaged.length === 0) return { outcome, warnings: [] };
    const others = copies.filter((_, place) => place !== at);
    if (others.length === 0) return { outcome, warnings: [] };
    const index = await runOf(copy, manifest, component, run).catch(noneHasIt);
    const lost: Damage[] = [];
    for (const damage of outcome.damaged) {
      if (!index || !(await isIn(others, index, damage, level !== 'presence'))) lost.push(damage);
    }
    const found = outcome.damaged.length - lost.length;
    const warnings =
      found === 0 ? [] : [`${found} objects are not right in ${first.store.name}: they are taken from another store`];
    for (const warning of warnings) log.error(warning);
    return { outcome: { ...outcome, damaged: lost }, warnings };
  }
  throw failure;
}

function noneHasIt(error: unknown): undefined {
  if (!mayBeElsewhere(error)) throw error;
  return undefined;
}

/** The index itself was read from whoever has it, to get here. */
async function isIn(others: RepositoryCopy[], index: RunIndex, { object }: Damage, read: boolean): Promise<boolean> {
  const pack = index.packs.find((one) => one.object === object);
  if (pack === undefined) return true;
  const ref = { key: object, sha256: pack.sha256, bytes: pack.storedBytes };
  for (const other of others) {
    if (await isSound(other, ref, { read }).catch(() => false)) return true;
  }
  return false;
}
