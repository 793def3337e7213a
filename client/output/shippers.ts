/** What there is to say of a shipper beyond that it streams: whether commits wait for the stores, and which store is behind. */
import { formatBytes } from '../../domain/config/units';
import type { ShipperLook } from '../procedures/shipper-state';

type Named = ShipperLook & { site: string; component: string };

export function commitsOf({ mode, commits }: ShipperLook): string {
  if (commits === undefined) return mode === undefined ? '' : 'asynchronous';
  return `${commits.state} since ${commits.since.slice(0, 19)}Z`;
}

/** What the mode promises and is not kept. */
export function commitProblems({ site, component, mode, commits }: Named): string[] {
  if (mode !== 'sync' || commits?.state === 'synchronous') return [];
  return [`commits of ${component} (${site}) do not wait for the stores, though the mode is sync${why(commits)}`];
}

export function shipperWarnings({ site, component, mode, commits, stores = [] }: Named): string[] {
  const degraded = mode === 'hybrid' && commits?.state === 'asynchronous';
  return [
    ...(degraded ? [`commits of ${component} (${site}) do not wait for the stores at present${why(commits)}`] : []),
    ...stores
      .filter(({ behind, trouble }) => behind || trouble !== undefined)
      .map(({ store, lagBytes, trouble }) => {
        const lag = `store ${store} lacks ${formatBytes(lagBytes)} of the WAL of ${component} (${site})`;
        return trouble === undefined ? `${lag} and is being filled from another` : `${lag}: ${trouble}`;
      }),
  ];
}

function why(commits: ShipperLook['commits']): string {
  return commits === undefined ? '' : ` (since ${commits.since}: ${commits.reason})`;
}
