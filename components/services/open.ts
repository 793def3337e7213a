/** Controls of the services that a configuration names. */
import type { ServiceConfig, SiteConfig } from '../../domain/config/types';
import { CommandManager } from './command';
import { ComposeManager } from './compose';
import { ManagedService } from './managed-service';
import { PgctlManager } from './pgctl';
import type { ServiceControl, ServiceManager } from './service';
import { SystemdManager } from './systemd';

export function openService(name: string, config: ServiceConfig): ServiceControl {
  return new ManagedService(name, config, managerOf(name, config));
}

/** Of a site, in the order of the configuration: they are stopped in the opposite order. */
export function openServices(site: SiteConfig): ServiceControl[] {
  return Object.entries(site.services).map(([name, config]) => openService(name, config));
}

function managerOf(name: string, config: ServiceConfig): ServiceManager {
  switch (config.control) {
    case 'systemd':
      return new SystemdManager(config);
    case 'compose':
      return new ComposeManager(config);
    case 'pgctl':
      return new PgctlManager(config);
    case 'command':
      return new CommandManager(name, config);
  }
}
