/** Controls of the services that a configuration names. */
import type { ServiceConfig, SiteConfig } from '../../domain/config/types';
import { CommandManager } from './command';
import { ComposeManager } from './compose';
import { ManagedService } from './managed-service';
import { PgctlManager } from './pgctl';
import type { ServiceControl, ServiceManager } from './service';
import { SystemdManager } from './systemd';

/** @param env what the service's own commands get to see: no secret of ours */
export function openService(name: string, config: ServiceConfig, env = process.env): ServiceControl {
  return new ManagedService(name, config, managerOf(name, config, env), env);
}

/** Of a site, in the order of the configuration: they are stopped in the opposite order. */
export function openServices(site: SiteConfig, env: NodeJS.ProcessEnv): ServiceControl[] {
  return Object.entries(site.services).map(([name, config]) => openService(name, config, env));
}

function managerOf(name: string, config: ServiceConfig, env: NodeJS.ProcessEnv): ServiceManager {
  switch (config.control) {
    case 'systemd':
      return new SystemdManager(config, env);
    case 'compose':
      return new ComposeManager(config, env);
    case 'pgctl':
      return new PgctlManager(config);
    case 'command':
      return new CommandManager(name, config, env);
  }
}
