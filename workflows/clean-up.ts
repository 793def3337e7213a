/** Removes what nobody needs from every store of a site, and tells what it was: leftovers of what died, WAL before every backup. */
import type { CleanUpRequest } from '../domain/cleanup/report';
import { onSite } from './frame/bind';
import { type Maintaining, procedure } from './frame/procedure';

const kind: Maintaining<CleanUpRequest> = {
  title: 'clean up',
  maintains: ({ dryRun }) => (dryRun ? [] : ['cleanup']),
};

export const cleanUp = procedure(kind, async (run, request) => {
  const at = (summary: string) => onSite(request.site, { summary });
  const { stores, unavailable } = await run.step('look for the stores', () =>
    onSite(request.site, { summary: 'look for the stores', first: true }).storesToClean(request),
  );
  for (const store of unavailable) run.warn(`${store} could not be reached, and was not cleaned up`);
  const cleaned = [];
  for (const store of stores) {
    cleaned.push(await run.step(`clean up ${store}`, () => at(`clean up ${store}`).cleanStore({ ...request, store })));
  }
  run.findings.details = { dryRun: request.dryRun === true, stores: cleaned };
});
