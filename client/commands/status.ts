/**
 * `status`: exit 0 when the engine is up and every shipper streams (no backup yet is a warning), 1 when a shipper is missing or
 * an objective is missed after a first backup, 2 when there is no engine. Starts nothing.
 */
import type { BackupHead } from '../../domain/backup';
import { componentRefs } from '../../domain/config/names';
import { retentionDaysOf } from '../../domain/config/retention-days';
import type { Config } from '../../domain/config/types';
import { formatDuration } from '../../domain/config/units';
import { reportError } from '../../domain/errors';
import type { RestoreTime } from '../../domain/objectives';
import type { CopyLag } from '../../domain/replication/lag';
import { type ProofHealth, proofHealth } from '../../domain/verification/proof-health';
import { holdingsOf, lagsOf, lagsSay, lagTable } from '../catalog/copies';
import { readCatalog } from '../catalog/heads';
import { ledgerSays } from '../catalog/ledger-problems';
import { measuredOf, objectivesSay } from '../catalog/objectives';
import { withRepository } from '../catalog/open';
import { type ComponentPoints, recoverablePoints } from '../catalog/points';
import { rowsSay } from '../catalog/recovery-points';
import { configured, type GlobalOptions, type Outcome } from '../context';
import { joinEngine } from '../engine/join';
import { type ArchiverStatus, archiversOf, archiverTable, archiverWarnings } from '../output/archivers';
import { type ComponentPromises, promisesOf, promisesTable } from '../output/promises';
import { heldCopies, proofProblems, proofsTable } from '../output/proofs';
import { say } from '../output/say';
import { commitProblems, commitsOf, shipperWarnings } from '../output/shippers';
import { table } from '../output/table';
import { runningProcedures } from '../procedures/find';
import { type ShipperLook, shipperState } from '../procedures/shipper-state';
import { shippersOf } from '../procedures/shipping';
import { shownSlot, slotSays } from '../procedures/slot-says';
import { askedSites } from '../sites';

/** The stores are told every second how far they are. */
const stalledAfterSeconds = 60;

interface ShipperStatus extends ShipperLook {
  site: string;
  component: string;
  /** Seconds of work that the stores do not hold yet; of the store that is least behind. */
  lagSeconds?: number;
  coveredUntil?: string;
  /** When commits began or ceased to wait for the stores, the newest last. */
  switches?: ComponentPoints['switches'];
  /** What a restore would take now, from each store. */
  restores: { store?: string; rto: RestoreTime }[];
}

interface TierStatus {
  site: string;
  /** Null: backups without a tier. */
  tier: string | null;
  lastBackup?: { id: string; endedAt?: string; bytes: number; storedBytes: number };
  currentBackup?: string;
  kept: number;
  retentionDays: number;
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
    const stores = await withRepository(loaded, async (repository) => ({
      points: await recoverablePoints(repository, config, sites),
      heads: (await readCatalog(repository)).heads,
      copies: lagsOf(config, sites, await holdingsOf(repository), Date.now()),
    })).catch((error: unknown) => ({ failure: reportError(error).message, points: [], heads: [], copies: [] }));
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
    const proofs = proofHealth(config.verification, refs, heldCopies(stores.heads), Date.now());
    const backups = sites.flatMap((site) => tiersOf(config, site, stores.heads));
    const streaming = shippers
      .filter(({ state }) => state === 'streaming')
      .map((one) => `${one.site}/${one.component}`);
    const says = [
      ledgerSays(stores.points, new Set(streaming), Date.now()),
      rowsSay(config, sites, stores.heads, Date.now()),
      lagsSay(stores.copies),
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

function tiersOf(config: Config, site: string, heads: BackupHead[]): TierStatus[] {
  const own = heads.filter((head) => head.site === site);
  const loose = own.some((head) => head.tier === undefined) || Object.keys(config.tiers).length === 0;
  const names = [...Object.keys(config.tiers), ...(loose ? [undefined] : [])];
  return names.map((tier) => {
    const mine = own.filter((head) => head.tier === tier);
    const kept = mine.filter((head) => head.status === 'completed');
    const last = kept.at(-1);
    const current = mine.findLast((head) => head.status === 'creating')?.id;
    return {
      site,
      tier: tier ?? null,
      ...(last && {
        lastBackup: { id: last.id, endedAt: last.endedAt, bytes: last.bytes, storedBytes: last.storedBytes },
      }),
      ...(current && { currentBackup: current }),
      kept: kept.length,
      retentionDays: retentionDaysOf(config, tier),
    };
  });
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
      commitsOf(one),
      ...shownSlot(one.slot),
    ]);
    const head = ['SITE', 'DATABASE', 'SHIPPER', 'BEHIND', 'COMMITS', 'KEPT BY SERVER', 'HOURS LEFT'];
    lines.push('', table(head, rows, ['BEHIND', 'KEPT BY SERVER', 'HOURS LEFT']));
  }
  lines.push(...archiverTable(archivers), ...promisesTable(found.components));
  const rows = backups.map((one) => [
    one.site,
    one.tier ?? '-',
    one.lastBackup?.id ?? 'none',
    one.currentBackup ?? '',
    String(one.kept),
  ]);
  lines.push('', table(['SITE', 'TIER', 'LAST BACKUP', 'RUNNING', 'KEPT'], rows, ['KEPT']));
  lines.push(...lagTable(found.copies));
  lines.push(...proofsTable(found.proofs, Date.now()));
  lines.push(...problems.map((one) => `problem: ${one}`), ...warnings.map((one) => `warning: ${one}`));
  return lines.join('\n');
}
