/** Something to tell, and a configuration that names who. */
import { parseConfig } from '../../../domain/config/parse';
import type { Config } from '../../../domain/config/types';
import type { Delivery } from '../../../domain/notifications/notice';

export function delivery(target: string): Delivery {
  return {
    target,
    occasion: 'retention/sys/dc01/run/remove from hot',
    at: '2026-11-22T02:00:00.000Z',
    notice: {
      ...{ event: 'backups_removed', system: 'sys', site: 'dc01' },
      subject: '1 backup was removed from hot (sys dc01) – größer\r\nBcc: evil@example.com',
      lines: ['removed: sys_full_20261101_020000', '.', 'From here on'],
      facts: { count: 1 },
    },
  };
}

export function configWith(targets: Record<string, unknown>): Config {
  const notifications = JSON.stringify({ targets });
  return parseConfig(
    `system: sys\nsites: { dc01: { components: {} } }\nnotifications: ${notifications}\n`,
    '/etc/holdfast/holdfast.yaml',
  ).config;
}
