/** `catalog rebuild`: the catalog again, from the backups in the stores. */
import { retentionDaysOf } from '../../domain/config/retention-days';
import { writeCatalogLines } from '../../repository/catalog-lines';
import { uncoverLocked } from '../../repository/locks/uncover';
import { rebuildCatalog } from '../../repository/rebuild';
import { withRepository } from '../catalog/open';
import { uncoverDescriptions } from '../catalog/uncover';
import { configured, type GlobalOptions, type Outcome } from '../context';

export interface RebuildOptions extends GlobalOptions {
  full?: boolean;
}

export async function rebuild(options: RebuildOptions): Promise<Outcome> {
  const loaded = await configured(options);
  let uncovered = await uncoverDescriptions(loaded.config);
  return withRepository(loaded, async (repository) => {
    const copies = repository?.copies ?? [];
    for (const copy of copies) uncovered += await uncoverLocked(copy);
    const done = await rebuildCatalog(copies, { full: options.full });
    for (const copy of copies.filter(({ store }) => store.kind === 'dir')) {
      await writeCatalogLines(copy, (head) => retentionDaysOf(loaded.config, head.tier));
    }
    const untold = new Set(done.untold);
    const away = (repository?.unavailable ?? []).map(({ store }) => store.name);
    const lines = [
      ...(uncovered > 0 ? [`${uncovered} locked objects had been deleted or replaced, and can be read again`] : []),
      `${done.rebuilt.length} made again, ${done.kept.length} were there, ${done.unusable.length} without a readable manifest`,
      ...done.rebuilt.map(
        (id) => `  made: ${id}${untold.has(id) ? ' (as completed: nothing tells what became of it)' : ''}`,
      ),
      ...away.map((name) => `  not looked at: ${name}, which is away`),
      ...done.unusable.map(({ id, reason }) => `  unusable: ${id}: ${reason}`),
    ];
    return { json: { ...done, uncovered, away }, text: lines.join('\n') };
  });
}
