/** `verify`: one backup, or with `--all` every completed one, one after another; one copy of it, or with `--store all` each. */
import { userPath } from '../../components/config-file/load';
import type { ProofLevel } from '../../domain/backup';
import { nearestName } from '../../domain/config/nearest';
import type { Config, LoadedConfig } from '../../domain/config/types';
import { HoldfastError } from '../../domain/errors';
import { isPoint } from '../../domain/recovery-points';
import type { VerifyRequest } from '../../domain/requests';
import { type SampleRequest, sampleWorkflowId, testRestoreWorkflowId } from '../../domain/verification/requests';
import { backupHeads } from '../catalog/heads';
import { sitesOfNamed } from '../catalog/named-backup';
import { configured, type GlobalOptions, type Outcome } from '../context';
import { verifyWorkflowId } from '../procedures/ids';
import { type LabelledOrder, runProcedures } from '../procedures/run';
import { askedSites, chosenSites } from '../sites';

export interface VerifyOptions extends GlobalOptions {
  site?: string;
  all?: boolean;
  sample?: boolean;
  full?: boolean;
  testRestore?: boolean;
  store?: string;
  repair?: boolean;
  dryRun?: boolean;
  restorePath?: string;
  detach?: boolean;
}

export async function verify(options: VerifyOptions, backup?: string): Promise<Outcome> {
  if (options.sample) return verifySample(options, backup);
  if ((backup === undefined) === (options.all !== true)) {
    throw new HoldfastError('usage', 'name a backup, or say --all', { hints: ['holdfast verify latest'] });
  }
  const level: ProofLevel = options.testRestore ? 'test-restore' : options.full ? 'full' : 'quick';
  if (options.restorePath !== undefined && level !== 'test-restore') {
    throw new HoldfastError('usage', '--restore-path needs --test-restore', {
      hints: ['a quick or full verification restores nothing'],
    });
  }
  const loaded = await configured(options);
  const { config } = loaded;
  checkStore(config, options.store);
  const chosen = await copiesOf(loaded, options, backup);
  if (chosen.length === 0) return { json: [], text: 'there is no completed backup' };
  const several = new Set(chosen.map(({ site }) => site)).size > 1;
  const orders = chosen.map(({ site, id, store }) => {
    const request: VerifyRequest = {
      ...{ site, backup: id, level, store, repair: options.repair, dryRun: options.dryRun },
      restorePath: options.restorePath === undefined ? undefined : userPath(options.restorePath),
    };
    const workflowId =
      level === 'test-restore'
        ? testRestoreWorkflowId(config.system, site)
        : verifyWorkflowId(config.system, site, id, store);
    const label = store === undefined ? id : `${id} in ${store}`;
    const summary = `${level} verification of ${label}`;
    return { type: 'verifyBackup' as const, workflowId, request, summary, label, ...ifWell(several, site, store) };
  });
  const list = options.all === true || options.store === 'all';
  return runProcedures(loaded, orders, { detach: options.detach, inTurn: true, list });
}

async function verifySample(options: VerifyOptions, backup: string | undefined): Promise<Outcome> {
  const { all, full, testRestore, store, repair, dryRun, restorePath } = options;
  if ([backup, all, full, testRestore, store, repair, dryRun, restorePath].some((one) => one !== undefined)) {
    throw new HoldfastError('usage', '--sample takes what the policy says, and nothing else', {
      hints: ['what it takes, and how thoroughly: verification in the configuration'],
    });
  }
  const loaded = await configured(options);
  const { system } = loaded.config;
  const sites = chosenSites(loaded.config, options.site);
  const orders = sites.map((site) => {
    const request: SampleRequest = { site };
    const workflowId = sampleWorkflowId(system, site);
    const summary = `verify a sample of ${site}`;
    const type = 'verifySample' as const;
    return { type, workflowId, request, summary, label: site, ...ifWell(sites.length > 1, site) };
  });
  return runProcedures(loaded, orders, { detach: options.detach });
}

/** Of several sites one that is not well is left out and keeps none waiting. Where no store is named another copy may serve. */
function ifWell(several: boolean, site: string, store?: string): Pick<LabelledOrder, 'onlyIfWell'> {
  if (!several) return {};
  return { onlyIfWell: { site, components: [], stores: store === undefined ? [] : [store] } };
}

interface Chosen {
  site: string;
  id: string;
  /** Absent: the first that has it. */
  store?: string;
}

async function copiesOf(loaded: LoadedConfig, options: VerifyOptions, backup?: string): Promise<Chosen[]> {
  const { config } = loaded;
  if (backup !== undefined && options.store !== 'all') {
    const sites = await sitesOfNamed(config, options.site, backup);
    return sites.map((site) => ({ site, id: backup, store: options.store }));
  }
  const sites =
    backup === undefined ? askedSites(config, options.site) : await sitesOfNamed(config, options.site, backup);
  const heads = (await backupHeads(loaded)).heads.filter(
    (head) => head.status === 'completed' && sites.includes(head.site),
  );
  const newest = sites.flatMap((site) => heads.findLast((head) => head.site === site && !isPoint(head)) ?? []);
  const wanted =
    backup === undefined ? heads : backup === 'latest' ? newest : heads.filter((head) => head.id === backup);
  if (backup !== undefined && wanted.length === 0) {
    throw new HoldfastError('backup_not_found', `there is no completed backup ${backup}`, { hints: ['holdfast list'] });
  }
  return wanted.flatMap(({ id, site, stores }): Chosen[] => {
    if (options.store === undefined) return [{ site, id }];
    return stores
      .filter((one) => options.store === 'all' || one === options.store)
      .map((store) => ({ site, id, store }));
  });
}

/** @throws HoldfastError `usage` with the nearest name */
function checkStore({ stores }: Config, store: string | undefined): void {
  const known = Object.keys(stores);
  if (store === undefined || store === 'all' || known.includes(store)) return;
  const nearest = nearestName(store, known);
  throw new HoldfastError('usage', `there is no store "${store}" in the configuration`, {
    hints: [nearest === undefined ? `known: ${known.join(', ')}, or all` : `did you mean "${nearest}"?`],
  });
}
