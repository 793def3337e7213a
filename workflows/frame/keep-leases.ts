/** Renews what the run has leased, for as long as it goes on: however long it waits, it has what it relies on. */
import { CancellationScope, patched, sleep } from '@temporalio/workflow';
import { onSite } from './bind';

/** Of a week: an agent may be away for days between two of them. */
const every = '1 day';

/** Returns how to end it. Runs of before this was renew nothing, and took none. */
export function keepLeases(site: string): () => void {
  if (!patched('leases')) return () => undefined;
  const scope = new CancellationScope();
  const renewing = scope.run(async () => {
    for (;;) {
      await sleep(every, { summary: 'until leases are renewed' });
      // Tried again a day later: the lease is long enough for that.
      await onSite(site, { summary: 'renew leases', giveUpAfter: every })
        .renewLeases({ site })
        .catch(() => undefined);
    }
  });
  renewing.catch(() => undefined); // cancelled at the end
  return () => scope.cancel();
}
