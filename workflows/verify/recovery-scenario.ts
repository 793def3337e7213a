/** One scenario of a recovery test: restored beside everything, judged, and removed. */
import type { ScenarioPlan } from '../../activities/verify/contracts';
import type { RestoreRequest } from '../../domain/requests';
import type { ScenarioRequest } from '../../domain/verification/requests';
import { onSite } from '../frame/bind';
import { refuse } from '../frame/failure';
import { procedure } from '../frame/procedure';
import type { Run } from '../frame/run';
import { restoreRunbook } from '../restore/runbook';
import { asTest, inScratch } from './test-restore';

export const recoveryScenario = procedure<ScenarioRequest>('recovery scenario', async (run, request) => {
  const { site, scenario, restorePath } = request;
  const plan = await run.step('choose what to restore', () =>
    onSite(site, { summary: 'choose what to restore', first: true }).planScenario(request),
  );
  const { seed, warnings = [] } = plan;
  run.tell({ scenario, chosen: plan.chosen, ...(seed !== undefined && { seed }) });
  run.say(plan.chosen);
  run.warn(...warnings);
  await inScratch(run, { site, base: restorePath, limit: plan.limit }, async (to) => {
    const restore = { ...asTest, ...placesOf(plan), site, to };
    if (scenario === 'data_corruption') await corrupted(run, restore, to);
    else await restoreRunbook(run, restore);
    run.testify(...(run.findings.restored ?? []).map(({ component }) => `${component}: restored and proved`));
    if (scenario === 'partial_recovery') await nothingElse(run, { site, to }, plan);
  });
});

function placesOf({ backupId: backup, components, at, onlyStore }: ScenarioPlan): RestoreFrom {
  return { backup, components, at, onlyStore };
}

type RestoreFrom = Pick<RestoreRequest, 'backup' | 'components' | 'at' | 'onlyStore'>;

/** Damaged for real, found, and put right by writing over it what differs. */
async function corrupted(run: Run, restore: RestoreRequest, to: string): Promise<void> {
  const { site, components = [] } = restore;
  const at = (summary: string) => onSite(site, { summary });
  await restoreRunbook(run, { ...restore, placeOnly: true });
  const placed = (run.findings.restored ?? []).map(({ component }) => component);
  const kinds = placed.filter((name) => components.includes(name));
  const request = { site, to, components: kinds };
  const damaged = await run.step('damage the copy', () => at('damage the copy').damagePlaced(request));
  run.testify(...damaged.evidence);
  const found = await run.step('find the damage', () => at('find the damage').findDamage(request));
  run.testify(...found.evidence);
  run.warn(...found.findings);
  await restoreRunbook(run, { ...restore, delta: true });
  run.testify('what was damaged was put right by a delta restore');
}

async function nothingElse(run: Run, scratch: { site: string; to: string }, { components = [] }: ScenarioPlan) {
  const names = await run.step('see what lies there', () =>
    onSite(scratch.site, { summary: 'see what lies there' }).listPlaced(scratch),
  );
  const wanted = (name: string) => components.some((one) => name === one || name === `${one}.tablespaces`);
  const more = names.filter((name) => !wanted(name));
  if (more.length > 0) refuse('validation_failed', `more was restored than was asked for: ${more.join(', ')}`);
  run.testify(`nothing but ${components.join(', ')} was restored`);
}
