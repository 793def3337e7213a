import type { ScheduledRequest } from '../../domain/schedule/request';

/** Work that lasts until it is let go, at a store where one may work at a time. */
export function order(site: string, name: string, more: Partial<ScheduledRequest> = {}): ScheduledRequest {
  return {
    ...{ site, work: name, when: '0 2 * * * UTC', health: { components: [], stores: ['hot'] } },
    stores: [`${site}/hot`],
    order: {
      type: 'verifyBackup',
      workflowId: `work/${site}/${name}`,
      request: { site, backup: name, level: 'full' },
      summary: name,
      fingerprint: name,
    },
    ...{ waitMs: 60_000, atOnce: 1, ...more },
  };
}
