/**
 * Services that use protected data: stopped before a restore, put back afterwards exactly as they were.
 *
 * Guaranteed: stopping what is stopped and starting what runs is no error; every call ends within its time (a command that
 * does not is killed with everything it started in its process group); a failure carries the tail of what was printed.
 * Not guaranteed: that a service manager tells the truth about what it manages.
 */
import type { ServiceConfig } from '../../domain/config/types';
import { HoldfastError } from '../../domain/errors';

/** `absent`: the manager knows no such service; nothing is ever done to it. */
export type ServiceState = 'running' | 'stopped' | 'absent';

export interface ServiceControl {
  readonly name: string;
  /** @throws HoldfastError `service_stop_failed` when it cannot be told */
  state(signal?: AbortSignal): Promise<ServiceState>;
  /** @throws HoldfastError `service_stop_failed` */
  stop(signal?: AbortSignal): Promise<void>;
  /** @throws HoldfastError `service_start_failed`, also when there is no such service */
  start(signal?: AbortSignal): Promise<void>;
  /**
   * Waits until the service runs and its `health` command passes.
   * @param withinMs default: the configuration's `healthTimeout`
   * @throws HoldfastError `service_start_failed`
   */
  healthy(withinMs?: number, signal?: AbortSignal): Promise<void>;
}

/** What a kind of service manager has to know; the rest is the same for all. */
export interface ServiceManager {
  /** For messages: `systemd unit app.service`. */
  readonly what: string;
  state(signal?: AbortSignal): Promise<ServiceState>;
  stop(signal?: AbortSignal): Promise<void>;
  start(signal?: AbortSignal): Promise<void>;
}

export type ServiceFailure = 'service_stop_failed' | 'service_start_failed';

export function serviceError(code: ServiceFailure, message: string, output: string, cause?: unknown): HoldfastError {
  const tail = output.trim().split('\n').slice(-10).join('\n').slice(-2000);
  return new HoldfastError(code, message, { cause, hints: tail === '' ? [] : [`it printed: ${tail}`] });
}

export type ServiceOf<K extends ServiceConfig['control']> = Extract<ServiceConfig, { control: K }>;
