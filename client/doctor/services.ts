/** Is each service known to what controls it? */
import { openService } from '../../components/services/open';
import type { ServiceConfig } from '../../domain/config/types';
import { type Finding, ok, problem } from './finding';

export async function checkService(name: string, config: ServiceConfig, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const state = await openService(name, config, env).state();
  if (state !== 'absent') return [ok('service', `${name} is ${state}`)];
  return [
    problem(
      'service_start_failed',
      `${config.control} knows no service for ${name}`,
      'correct its name in the configuration',
    ),
  ];
}
