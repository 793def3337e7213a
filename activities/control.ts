/**
 * Activities that are bound to no host: they run wherever workflows do, for any site of the configuration. As those of a site, each may
 * run twice or overlap with itself.
 */
import type { SiteContext } from './context';
import type { ControlActivities } from './contracts';
import { alertTargets, deliverNotice } from './notify/deliver';
import { takeTurn } from './schedule/turn';
import { letCommitsGoAfterDeath } from './wal/let-commits-go';

/** @param contextOf made on demand: a control worker need not reach every site's stores */
export function controlActivities(contextOf: (site: string) => SiteContext): ControlActivities {
  return {
    letCommitsGo: (request) => letCommitsGoAfterDeath(contextOf(request.site), request),
    takeTurn,
    alertTargets: ({ site }) => alertTargets(contextOf(site)),
    deliverNotice: (order) => deliverNotice(contextOf(order.notice.site), order),
  };
}
