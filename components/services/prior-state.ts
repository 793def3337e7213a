/**
 * Services as they were: recorded before the first is touched, put back whatever happens. A service that was stopped stays
 * stopped; one that was absent is left alone. Every function may run twice, or again after half of it was done.
 */
import type { ServiceControl, ServiceState } from './service';

/** State of each service by name; plain data that may travel. */
export type PriorStates = Record<string, ServiceState>;

/** @throws HoldfastError `service_stop_failed` when a state cannot be told */
export async function recordStates(services: ServiceControl[], signal?: AbortSignal): Promise<PriorStates> {
  const states: PriorStates = {};
  for (const service of services) states[service.name] = await service.state(signal);
  return states;
}

/** Stops those that ran, the last of the configuration first. @throws HoldfastError `service_stop_failed` */
export async function stopServices(
  services: ServiceControl[],
  prior: PriorStates,
  signal?: AbortSignal,
): Promise<void> {
  for (const service of services.toReversed()) if (prior[service.name] === 'running') await service.stop(signal);
}

/** Starts those that ran and waits for their health, in order. @throws HoldfastError `service_start_failed` */
export async function startServices(
  services: ServiceControl[],
  prior: PriorStates,
  signal?: AbortSignal,
): Promise<void> {
  for (const service of services) {
    if (prior[service.name] !== 'running') continue;
    await service.start(signal);
    await service.healthy(undefined, signal);
  }
}

/**
 * Puts each back to its recorded state. One that fails does not keep the others from being put back; the first failure is
 * thrown at the end.
 */
export async function putBack(services: ServiceControl[], prior: PriorStates, signal?: AbortSignal): Promise<void> {
  const failures: unknown[] = [];
  for (const service of services) {
    try {
      if (prior[service.name] === 'running') {
        await service.start(signal);
        await service.healthy(undefined, signal);
      } else if (prior[service.name] === 'stopped') await service.stop(signal);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
