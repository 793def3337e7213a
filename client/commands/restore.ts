/** `restore`: to the newest point that the stores hold, or with `--at` to a chosen one; in place or to another directory. */
import path from 'node:path';
import { userPath } from '../../components/config-file/load';
import { HoldfastError } from '../../domain/errors';
import { parseTarget } from '../../domain/recovery-target';
import type { RestoreRequest } from '../../domain/requests';
import { sitesOfNamed } from '../catalog/named-backup';
import { configured, type GlobalOptions, type Outcome } from '../context';
import { confirm } from '../output/confirm';
import { restoreWorkflowId } from '../procedures/ids';
import { runProcedures } from '../procedures/run';
import { checkComponents } from '../sites';

export interface RestoreOptions extends GlobalOptions {
  site?: string;
  at?: string;
  exclusive?: boolean;
  timeline?: string;
  to?: string;
  component?: string[];
  delta?: boolean;
  dryRun?: boolean;
  skipVerification?: boolean;
  placeOnly?: boolean;
  start?: boolean;
  owner?: string;
  tablespaceMap?: Record<string, string>;
  detach?: boolean;
}

export async function restore(options: RestoreOptions, backup = 'latest'): Promise<Outcome> {
  checkTogether(options);
  parseTarget(options.at); // what cannot be meant needs no engine to be refused
  const loaded = await configured(options);
  const { config } = loaded;
  const sites = await sitesOfNamed(config, options.site, backup);
  for (const site of sites) checkComponents(config, site, options.component);
  if (options.to === undefined && !options.dryRun) {
    const what = options.component?.join(', ') ?? 'every component';
    await confirm(`this replaces ${what} of ${sites.join(', ')} in place`, options);
  }
  const type = options.at === undefined ? ('restore' as const) : ('pointInTimeRestore' as const);
  const orders = sites.map((site) => {
    const request = requestOf(options, site, backup, sites.length > 1);
    return {
      type,
      workflowId: restoreWorkflowId(config.system, request),
      request,
      summary: `restore ${backup} of ${config.system} ${site}${request.at === undefined ? '' : ` at ${request.at}`}`,
      label: site,
    };
  });
  return runProcedures(loaded, orders, { detach: options.detach });
}

function requestOf(options: RestoreOptions, site: string, backup: string, several: boolean): RestoreRequest {
  const to = options.to === undefined ? undefined : userPath(options.to);
  return {
    site,
    backup,
    at: options.at,
    inclusive: options.exclusive !== true,
    timeline: options.timeline,
    // Components of several sites may share their names.
    to: to !== undefined && several ? path.join(to, site) : to,
    components: options.component,
    delta: options.delta === true,
    skipVerification: options.skipVerification === true,
    placeOnly: options.placeOnly === true,
    start: options.start === true,
    owner: options.owner,
    tablespaceMap: options.tablespaceMap && absoluteTargets(options.tablespaceMap),
    dryRun: options.dryRun,
  };
}

function absoluteTargets(map: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).map(([from, to]) => [from, userPath(to)]));
}

function checkTogether({ at, exclusive, to, delta, placeOnly, start, tablespaceMap, timeline }: RestoreOptions): void {
  const refuse = (what: string, hint: string): never => {
    throw new HoldfastError('usage', what, { hints: [hint] });
  };
  if (exclusive && at === undefined) refuse('--exclusive needs a target', 'say with --at what to stop before');
  if (delta && to !== undefined) refuse('--delta works in place', 'leave out --to');
  if (start && placeOnly) refuse('--start and --place-only exclude each other', 'choose one of them');
  if (to === undefined && placeOnly) refuse('--place-only needs --to', 'in place, services are started as they were');
  if (tablespaceMap && to === undefined)
    refuse('--tablespace-map needs --to', 'in place, tablespaces stay where they are');
  if (timeline !== undefined && !/^(?:latest|[1-9]\d*)$/.test(timeline)) {
    refuse(`"${timeline}" is not a timeline`, 'give its number, or latest');
  }
}
