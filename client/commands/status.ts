import { componentRefs } from '../../domain/config/names';
import { formatDuration } from '../../domain/config/units';
import { reportError } from '../../domain/errors';
import type { RestoreTime } from '../../domain/objectives';
import type { CopyLag } from '../../domain/replication/lag';
import type { MaintenanceHealth } from '../../domain/schedule/maintenance';
import { type ProofHealth, proofHealth } from '../../domain/verification/proof-health';
import { holdingsOf, lagsOf, lagsSay, lagTable } from '../catalog/copies';
import { readCatalog } from '../catalog/heads';
import { ledgerSays } from '../catalog/ledger-problems';
import { maintenanceOf } from '../catalog/maintenance';
import { measuredOf, objectivesSay } from '../catalog/objectives';
import { withRepository } from '../catalog/open';
import { type ComponentPoints, recoverablePoints } from '../catalog/points';
import { rowsSay } from '../catalog/recovery-points';
import { configured, type GlobalOptions, type Outcome } from '../context';
import { joinEngine } from '../engine/join';
import { type ArchiverStatus, archiversOf, archiverTable, archiverWarnings } from '../output/archivers';
import { maintenanceTable } from '../output/maintenance';
import { type ComponentPromises, promisesOf, promisesTable } from '../output/promises';
import { heldCopies, proofProblems, proofsTable } from '../output/proofs';
import { say } from '../output/say';
import { commitProblems, commitsOf, shipperWarnings } from '../output/shippers';
import { table } from '../output/table';
import { type TierStatus, tiersOf, tiersTable } from '../output/tiers';
import { runningProcedures } from '../procedures/find';
import { type ShipperLook, shipperState } from '../procedures/shipper-state';
import { shippersOf } from '../procedures/shipping';
import { shownSlot, slotSays } from '../procedures/slot-says';
import { lookAtSchedules, type ScheduleLook } from '../schedules/look';
import { maintenanceSay, schedulesSay, tiersSay } from '../schedules/says';
import { askedSites } from '../sites';

/** The stores are told every second how far they are. */
const stalledAfterSeconds = 60;

interface ShipperStatus extends ShipperLook {
  site: string;
  component: string;
  promisedSeconds: number;
  /** Seconds of work that the stores do not hold yet; of the store that is least behind. */
  lagSeconds?: number;
  coveredUntil?: string;
  /** When commits began or ceased to wait for the stores, the newest last. */
  switches?: ComponentPoints['switches'];
  /** What a restore would take now, from each store. */
  restores: { store?: string; rto: RestoreTime }[];
}

interface Status {
  system: string;
  engine: { address: string; ui: string | null; embedded: boolean };
  procedures: string[];
  shippers: ShipperStatus[];
  archivers: ArchiverStatus[];
  backups: TierStatus[];
  /** How late the copies are, of each store that tiers want them in. */
  copies: CopyLag[];
  /** Of each component that has a backup: whether it is proved, and since when. */
  proofs: ProofHealth[];
  /** What runs by itself: when next, how it ended last, who paused it. */
  schedules: ScheduleLook[];
  /** Of what runs by itself besides the tiers: when it was last done, by whoever started it, and how its newest run ended. */
  maintenance: MaintenanceHealth[];
  /** What is promised of each component, beside what is measured in each store. */
  components: ComponentPromises[];
  /** Of components without their own. */
  objectives: { rpoSeconds?: number; rtoSeconds?: number };
  problems: string[];
  warnings: string[];
}

export async function status(options: GlobalOptions & { site?: string }): Promise<Outcome> {
  const loaded = await configured(options);
  const { config } = loaded;
  const sites = askedSites(config, options.site);
  const engine = await joinEngine(loaded, { start: false, say });
  try {
    const procedures = await runningProcedures(engine.client);
    const looks = await Promise.all(
      shippersOf(config, sites).map(async (one) => ({
        ...one,
        ...(await shipperState(engine.client, one.workflowId)),
      })),
    );
    const nothing = { points: [], heads: [], copies: [], maintenance: [] };
    const stores = await withRepository(loaded, async (repository) => {
      const { heads } = await readCatalog(repository);
      return {
        points: await recoverablePoints(repository, config, sites),
        heads,
        copies: lagsOf(config, sites, await holdingsOf(repository), Date.now()),
        maintenance: await maintenanceOf(repository, config, sites, heads),
      };
    }).catch((error: unknown) => ({ failure: reportError(error).message, ...nothing }));
    const shippers = looks.map(({ workflowId: _, ...one }) => ({
      ...one,
      ...lagOf(stores.points, one.site, one.component),
      restores: stores.points.flatMap(({ site, component, store, rto }) =>
        rto && site === one.site && component === one.component ? [{ store, rto }] : [],
      ),
    }));
    const measured = measuredOf(stores.points);
    const archivers = archiversOf(config, sites).map((one) => ({
      ...one,
      ...lagOf(stores.points, one.site, one.component),
    }));
    const refs = sites.flatMap((site) => componentRefs(config, site));
    const now = Date.now();
    const proofs = proofHealth(config.verification, refs, heldCopies(stores.heads), now);
    const backups = sites.flatMap((site) => tiersOf(config, site, stores.heads, now));
    const schedules = await lookAtSchedules(engine.client, config, sites);
    const streaming = shippers
      .filter(({ state }) => state === 'streaming')
      .map((one) => `${one.site}/${one.component}`);
    const says = [
      lagsSay(stores.copies),
      ledgerSays(stores.points, new Set(streaming), now),
      rowsSay(config, sites, stores.heads, now),
      tiersSay(config, sites, stores.heads, schedules, now),
      schedulesSay(config, schedules, now),
      maintenanceSay(stores.maintenance, schedules, now),
      objectivesSay(config, sites, measured, (site) =>
        backups.some((one) => one.site === site && one.lastBackup !== undefined),
      ),
      ...shippers.map(({ site, component, slot }) => slotSays(`${component} (${site})`, slot)),
    ];
    const found: Status = {
      system: config.system,
      engine: { address: engine.address, ui: engine.ui ?? null, embedded: engine.embedded },
      procedures,
      shippers,
      archivers,
      backups,
      copies: stores.copies,
      proofs,
      schedules,
      maintenance: stores.maintenance,
      components: promisesOf(config, sites, measured),
      objectives: { rpoSeconds: seconds(config.objectives?.rpo), rtoSeconds: seconds(config.objectives?.rto) },
      problems: [
        ...('failure' in stores ? [`the stores cannot be read: ${stores.failure}`] : []),
        ...shippers.flatMap((one) => [...shipperProblems(one), ...commitProblems(one)]),
        ...says.flatMap(({ problems }) => problems),
        ...proofProblems(proofs, config.verification, Date.now()),
      ],
      warnings: [
        ...sites
          .filter((site) => !backups.some((one) => one.site === site && one.lastBackup !== undefined))
          .map((site) => `site ${site} has no backup yet`),
        ...archivers.flatMap(archiverWarnings),
        ...shippers.flatMap(shipperWarnings),
        ...says.flatMap(({ warnings }) => warnings),
      ],
    };
    return { json: found, text: describe(found), exit: found.problems.length > 0 ? 1 : 0 };
  } finally {
    await engine.close();
  }
}

function lagOf(
  points: ComponentPoints[],
  site: string,
  component: string,
): Pick<ShipperStatus, 'lagSeconds' | 'coveredUntil' | 'switches'> {
  const own = points.filter((one) => one.site === site && one.component === component && one.rpoSeconds !== undefined);
  const best = own.toSorted((a, b) => (a.rpoSeconds ?? 0) - (b.rpoSeconds ?? 0))[0];
  if (best === undefined) return {};
  return { lagSeconds: best.rpoSeconds, coveredUntil: best.coveredUntil, switches: best.switches };
}

function shipperProblems({ site, component, state, message, lagSeconds }: ShipperStatus): string[] {
  if (state !== 'streaming') return [`the WAL of ${component} (${site}) is not being shipped: ${message ?? state}`];
  if (lagSeconds === undefined || lagSeconds <= stalledAfterSeconds) return [];
  return [`the stores are ${formatDuration(lagSeconds * 1000)} behind ${component} (${site}), though its shipper runs`];
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

function describe(found: Status): string {
  const { engine, shippers, archivers, backups, problems, warnings, procedures } = found;
  const lines = [`engine of ${found.system} at ${engine.address}${engine.ui === null ? '' : `, web ui ${engine.ui}`}`];
  if (procedures.length > 0) lines.push(`running: ${procedures.join(', ')}`);
  if (shippers.length > 0) {
    const rows = shippers.map((one) => [
      one.site,
      one.component,
      one.state,
      one.lagSeconds === undefined ? '' : formatDuration(one.lagSeconds * 1000),
      formatDuration(one.promisedSeconds * 1000),
      commitsOf(one),
      ...shownSlot(one.slot),
    ]);
    const head = ['SITE', 'DATABASE', 'SHIPPER', 'BEHIND', 'PROMISED', 'COMMITS', 'KEPT BY SERVER', 'HOURS LEFT'];
    lines.push('', table(head, rows, ['BEHIND', 'PROMISED', 'KEPT BY SERVER', 'HOURS LEFT']));
  }
  lines.push(...archiverTable(archivers), ...promisesTable(found.components));
  lines.push(...tiersTable(backups));
  lines.push(...lagTable(found.copies));
  lines.push(...proofsTable(found.proofs, Date.now()), ...maintenanceTable(found.maintenance, Date.now()));
  lines.push(...problems.map((one) => `problem: ${one}`), ...warnings.map((one) => `warning: ${one}`));
  return lines.join('\n');
}
