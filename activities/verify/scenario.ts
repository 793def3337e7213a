/** What each scenario of a recovery test restores. Everything that it cannot do here is refused at this step. */
import { activityInfo, cancellationSignal } from '@temporalio/activity';
import type { SealedManifest } from '../../domain/backup';
import { HoldfastError, isHoldfastError } from '../../domain/errors';
import type { Scenario, ScenarioRequest } from '../../domain/verification/requests';
import { newestElsewhere } from '../../domain/verification/sample';
import { seeded } from '../../domain/verification/seeded';
import type { RepositoryCopy } from '../../repository/copy';
import { listHeads } from '../../repository/heads';
import { answering } from '../answering';
import type { SiteContext } from '../context';
import { chooseBackup } from '../restore/choose';
import type { ScenarioPlan } from './contracts';
import { holdMoment } from './hold-moment';

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
    const seed = activityInfo().workflowExecution?.runId ?? '';
    const at = await holdMoment(context, backup, seeded(seed));
    if (at === undefined) throw noDatabase(manifest.backupId);
    // Without a name the newest backup before the moment is taken.
    return { backupId: backup, components, at, seed, chosen: `${components.join(', ')} as of ${at}` };
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

/** Another site's newest backup; where there is none its own newest in another store than restores take by themselves, which is said. */
async function fromElsewhere(context: SiteContext, { backup }: ScenarioRequest): Promise<Choice> {
  const { copies, unavailable } = await context.repository();
  const wanted = backup === 'latest' ? copies : [];
  const asked = await answering(wanted, (copy) => listHeads(copy, cancellationSignal()));
  const lists = asked.map(({ copy, answer }) => ({ store: copy.store.name, heads: answer.heads }));
  const silent = [
    ...unavailable.map(({ store }) => store.name),
    ...wanted.filter((copy) => !asked.some((one) => one.copy === copy)).map(({ store }) => store.name),
  ];
  const foreign = newestElsewhere(context.site, lists);
  if (foreign) {
    const chosen = `${foreign.id} of ${foreign.site}, restored at ${context.site} from ${foreign.store}`;
    return { backupId: foreign.id, onlyStore: foreign.store, chosen, ...(silent.length > 0 && told(silent)) };
  }
  const others = Object.keys(context.config.sites).filter((site) => backup === 'latest' && site !== context.site);
  // What the other sites have may lie just there.
  if (others.length > 0 && silent.length > 0) throw notAsked(others, silent, unavailable[0]?.error);
  const own = await ownElsewhere(context, backup, copies);
  if (others.length === 0) return own;
  const warning = `no store holds a backup of another site (${others.join(', ')}): a copy of its own was restored instead`;
  return { ...own, warnings: [warning] };
}

function told(silent: string[]): Pick<Choice, 'warnings'> {
  return { warnings: [`${silent.join(', ')} did not answer: newer backups of other sites may lie there`] };
}

function notAsked(others: string[], silent: string[], cause: unknown): HoldfastError {
  const why = isHoldfastError(cause) ? cause : undefined;
  return new HoldfastError(
    why?.code ?? 'store_unavailable',
    `whether there is a backup of ${others.join(', ')} cannot be told: ${silent.join(', ')} did not answer`,
    { ...(why?.where && { where: why.where }), hints: [why?.message ?? 'holdfast doctor', ...(why?.hints ?? [])] },
  );
}

async function ownElsewhere(context: SiteContext, backup: string, copies: RepositoryCopy[]): Promise<Choice> {
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
