/**
 * Moves down what is old enough, as the tiers say: packs go into a colder class of their store, and what describes them stays at hand; or the whole backup goes
 * into another store.
 */
import { patched } from '@temporalio/workflow';
import type { MovePlan } from '../activities/storage/contracts';
import { type Moved, moveNotices } from '../domain/notifications/moved';
import type { MoveRequest } from '../domain/requests';
import { onSite } from './frame/bind';
import { type Maintaining, procedure } from './frame/procedure';
import type { Run } from './frame/run';
import { moveToStores } from './move-to-stores';

/** Runs from before this knew of classes only, also where their agent knew of more. */
const betweenStores = 'moves between stores';

const kind: Maintaining<MoveRequest> = {
  title: 'move backups',
  maintains: ({ dryRun }) => (dryRun ? [] : ['moves']),
};

export const moveBackups = procedure(kind, async (run, request) => {
  const { site } = request;
  const plan = await run.step('look what is old enough', () =>
    onSite(site, { summary: 'look what is old enough', first: true }).planMoves(request),
  );
  if (plan.later > 0) run.warn(`${plan.later} more moves are due: the next run makes them`);
  const moved: Moved[] = [];
  try {
    await carryOut(run, request, plan, moved);
  } finally {
    // Also of what moved before the rest could not.
    const { system = '' } = plan;
    run.notify('moved down', moveNotices({ system, site }, moved));
  }
});

async function carryOut(run: Run, request: MoveRequest, plan: MovePlan, moved: Moved[]): Promise<void> {
  const { site } = request;
  const at = (summary: string) => onSite(site, { summary });
  for (const order of plan.moves) {
    const { backupId, store } = order;
    const what = `${backupId} in ${store} to ${order.class}`;
    if (request.dryRun) run.warn(`would move ${what}`);
    else {
      const lies = await run.step(`move ${what}`, () => at(`move ${what}`).moveClass(order));
      if (lies) moved.push({ backupId, where: `${order.class} in ${store}`, told: order.told });
      else run.warn(`${what}: it is being read, and moves in another run`);
    }
  }
  const { copies = [], again = [] } = plan;
  run.findings.details = { due: plan.moves.length + copies.length + again.length + plan.later };
  if (request.dryRun) run.warn(...copies.map(({ backupId, to }) => `would move ${backupId} to ${to}`));
  else if (copies.length + again.length > 0 && patched(betweenStores)) await moveToStores(run, site, plan, moved);
}
