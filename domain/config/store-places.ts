/**
 * Two stores in one place: a copy in the one would be counted as a second copy in the other, and what moved from the one to the other would be removed from both.
 * A store inside another one is none of its neighbour's business, unless it lies where that keeps its own.
 */
import { storeFolders } from '../store-folders';
import type { Problem } from './problems';
import type { StoreConfig } from './types';

export function storePlaceProblems(stores: Record<string, StoreConfig>): Problem[] {
  const places = Object.entries(stores).map(([name, store]) => ({ name, place: placeOf(store) }));
  return places.flatMap(({ name, place }, at) => {
    const message = (other: string, how: string) => `expected a place of its own: ${name} ${how} ${other}`;
    const same = places.slice(0, at).find((one) => one.place === place);
    if (same) return [{ path: ['stores', name], message: message(same.name, 'lies where the backups are of') }];
    const within = places.find((one) => liesAmongOwn(place, one.place));
    return within ? [{ path: ['stores', name], message: message(within.name, 'lies among the objects of') }] : [];
  });
}

/** With a slash at its end. */
function placeOf(store: StoreConfig): string {
  if (store.kind === 'dir') return `file:${store.path.replace(/\/$/, '')}/`;
  const { endpoint, bucket, prefix } = store;
  return `s3:${serviceOf(endpoint)}/${bucket}/${prefix === undefined ? '' : `${prefix}/`}`;
}

/** Names of buckets are unique in all regions of AWS, whatever address they are asked at. */
function serviceOf(endpoint: string | undefined): string {
  if (endpoint === undefined) return 'aws';
  if (!URL.canParse(endpoint)) return endpoint;
  const { host, pathname } = new URL(endpoint);
  return host.endsWith('.amazonaws.com') ? 'aws' : host + pathname.replace(/\/$/, '');
}

function liesAmongOwn(inner: string, outer: string): boolean {
  if (inner === outer || !inner.startsWith(outer)) return false;
  return storeFolders.includes(inner.slice(outer.length).split('/')[0] ?? '');
}
