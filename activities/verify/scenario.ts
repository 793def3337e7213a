/** What each scenario of a recovery test restores. Everything that it cannot do here is refused at this step. */
import { activityInfo, cancellationSignal } from '@temporalio/activity';
import type { SealedManifest } from '../../domain/backup';
import { HoldfastError } from '../../domain/errors';
import { isPoint } from '../../domain/recovery-points';
import type { Scenario, ScenarioRequest } from '../../domain/verification/requests';
import { seeded } from '../../domain/verification/seeded';
import { listHeads } from '../../repository/heads';
import type { SiteContext } from '../context';
import { chooseBackup } from '../restore/choose';
import type { ScenarioPlan } from './contracts';
import { chooseMoment } from './moment';

type Choice = Omit<ScenarioPlan, 'limit'>;

export async function planScenario(context: SiteContext, request: ScenarioRequest): Promise<ScenarioPlan> {
  const choice = await choices[request.scenario](context, request);
  return { ...choice, limit: context.config.verification.limit };
}

const choices: Record<Scenario, (context: SiteContext, request: ScenarioRequest) => Promise<Choice>> = {
  data_corruption: oneComponent,
  partial_recovery: oneComponent,
  full_recovery: async (context, { backup }) => {
    const { manifest, store } = await chosenBackup(context, backup);
    const names = Object.keys(manifest.components);
    return { backupId: manifest.backupId, chosen: `${names.join(', ')} of ${manifest.backupId} from ${store}` };
  },
  cross_site_recovery: fromElsewhere,
  point_in_time_recovery: async (context, { backup }) => {
    const { manifest } = await chosenBackup(context, backup);
    const components = Object.entries(manifest.components).flatMap(([name, { kind }]) =>
      kind === 'postgres' ? [name] : [],
    );
    // The run's own, so that a retry draws the same.
    const at = await chooseMoment(context, backup, seeded(activityInfo().workflowExecution?.runId ?? ''));
    if (at === undefined) throw noDatabase(manifest.backupId);
    // Without a name the newest backup before the moment is taken.
    return { backupId: backup, components, at, chosen: `${components.join(', ')} as of ${at}` };
  },
};

function noDatabase(backupId: string): HoldfastError {
  return new HoldfastError('backup_not_found', `${backupId} holds no database: it has one point in time`, {
    hints: ['full_recovery proves it'],
  });
}

async function chosenBackup(context: SiteContext, backup: string) {
  const { manifest, copy } = await chooseBackup(context, backup, { kind: 'latest' });
  return { manifest, store: copy.store.name };
}

/** The database where there is one. */
async function oneComponent(context: SiteContext, { backup }: ScenarioRequest): Promise<Choice> {
  const { manifest, store } = await chosenBackup(context, backup);
  const name = mostImportant(manifest);
  return { backupId: manifest.backupId, components: [name], chosen: `${name} of ${manifest.backupId} from ${store}` };
}

function mostImportant({ backupId, components }: SealedManifest): string {
  const named = Object.entries(components);
  const found = named.find(([, { kind }]) => kind === 'postgres') ?? named[0];
  if (found) return found[0];
  throw new HoldfastError('invalid_backup', `${backupId} holds no component`);
}

/** Another site's newest backup; of a lone site its newest in another store than restores take by themselves. */
async function fromElsewhere(context: SiteContext, { backup }: ScenarioRequest): Promise<Choice> {
  const { copies } = await context.repository();
  for (const { store, ...rest } of backup === 'latest' ? copies : []) {
    const { heads } = await listHeads({ store, ...rest }, cancellationSignal());
    const foreign = heads.findLast(
      (head) => head.site !== context.site && head.status === 'completed' && !isPoint(head),
    );
    if (!foreign) continue;
    const chosen = `${foreign.id} of ${foreign.site}, restored at ${context.site} from ${store.name}`;
    return { backupId: foreign.id, onlyStore: store.name, chosen };
  }
  const own = await chosenBackup(context, backup);
  for (const { store } of copies) {
    if (store.name === own.store) continue;
    const found = await chooseBackup(context.withStore(store.name), backup, { kind: 'latest' }).catch(() => undefined);
    if (!found) continue;
    const { backupId } = found.manifest;
    return { backupId, onlyStore: store.name, chosen: `${backupId} with its WAL from ${store.name} alone` };
  }
  throw new HoldfastError('backup_not_found', 'there is no backup of another site, and no copy in another store', {
    hints: ['name a second store in the configuration, or back up another site into these stores'],
  });
}
