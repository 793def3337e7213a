/** Plans the packs of the full backup: every file as the chain holds it, none of them read from the source. */

import type { SealedManifest } from '../../domain/backup';
import type { ChainState } from '../../domain/chain-state';
import { eachRun, type Plannable, planRuns } from '../../domain/plan-runs';
import type { TreeEntry } from '../../domain/tree';
import type { RepositoryCopy } from '../../repository/copy';
import { putSealed } from '../../repository/documents';
import { findPlan, PlanWriter } from '../../repository/plans';
import { getSealedManifest } from '../../repository/sealed-manifest';
import { chainState } from '../backup/changes';
import { chainManifests } from '../backup/parent';
import { type ClosedSnapshot, closedKey } from '../backup/snapshot';
import type { SiteContext } from '../context';
import type { ComponentPlan, ConsolidationPart } from '../contracts';
import { entriesOf } from '../restore/job';

export async function planConsolidation(context: SiteContext, part: ConsolidationPart): Promise<ComponentPlan> {
  const { backupId, component, generation, store, of } = part;
  const copy = (await context.repository()).copy(store);
  const ref = { backupId, component, generation };
  const manifest = await getSealedManifest(copy, { id: of });
  const there = await findPlan(copy, ref);
  const summary = there?.summary ?? (await plan(copy, manifest, component, new PlanWriter(copy, ref)));
  await putSealed(copy, closedKey(backupId, component), closedAs(manifest, component, generation, summary.runs));
  const { runs, packs, files, bytes, lastFrom } = summary;
  return { runs, packs, files, bytes, lastFrom, warnings: [] };
}

async function plan(copy: RepositoryCopy, manifest: SealedManifest, component: string, writer: PlanWriter) {
  const state = await stateOf(copy, manifest, component);
  const entries = plannable(state, entriesOf(copy, manifest, component));
  return await writer.publish(await eachRun(planRuns(entries, { mayChange: false }), (run) => writer.putRun(run)));
}

/** What the chain that ends with a backup holds of a component. */
export async function stateOf(copy: RepositoryCopy, manifest: SealedManifest, component: string): Promise<ChainState> {
  return await chainState(copy, [...(await chainManifests(copy, manifest.chain)), manifest], component);
}

/** A file that had vanished while it was read is not part of the backup. */
async function* plannable(state: ChainState, entries: AsyncIterable<TreeEntry>): AsyncGenerator<Plannable> {
  for await (const { inherits: _, ...entry } of entries) {
    if (entry.type !== 'file') yield { entry };
    else {
      const file = state.get(entry.root, entry.path);
      if (file !== undefined) yield { entry: { ...entry, size: file.size } };
    }
  }
}

/** The new backup's facts are those of the one it is made of: it stands for the same moment. */
function closedAs(manifest: SealedManifest, component: string, generation: number, runs: number): ClosedSnapshot {
  const { openedAt, postgres, files, summary } = manifest.components[component] as SealedManifest['components'][string];
  return { generation, runs, openedAt, postgres, files, warnings: summary.warnings };
}
