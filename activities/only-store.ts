/**
 * Procedures that are to prove one copy say so in every request: their activities see a repository of that store alone, and nothing that
 * helps out from another one can make a lost copy look whole.
 */
import type { SiteContext } from './context';

interface Named {
  onlyStore?: string;
}

interface MayName extends Named {
  request?: Named;
  job?: { request?: Named };
}

export function contextOf(context: SiteContext, { onlyStore, request, job }: MayName): SiteContext {
  const store = onlyStore ?? request?.onlyStore ?? job?.request?.onlyStore;
  return store === undefined ? context : context.withStore(store);
}
