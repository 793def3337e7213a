import { HoldfastError } from '../../domain/errors';

const segment = /^[A-Za-z0-9._=-]{1,255}$/;

/** Where a `dir` store keeps what is not yet an object; no key may begin with it. */
export const temporaryFolder = '.tmp';

/** Refuses a key that some store could not hold, or that would leave the store's folder. See the rules in `../store.ts`. */
export function assertKey(key: string): void {
  const segments = key.split('/');
  const sound = segments.every((one) => segment.test(one) && one !== '.' && one !== '..');
  if (sound && segments[0] !== temporaryFolder && key.length <= 900) return;
  throw new HoldfastError('internal', 'an object key has a form that stores do not accept', { where: key });
}

/** A prefix may end in the middle of a segment, and may be empty. */
export function assertPrefix(prefix: string): void {
  if (prefix === '' || prefix.endsWith('/')) {
    if (prefix !== '') assertKey(prefix.slice(0, -1));
    return;
  }
  assertKey(prefix);
}
