/**
 * Heartbeats for every activity, so that a dead worker is noticed in seconds whatever it was doing, and so that a cancellation
 * reaches every activity. CPU work is on threads of its own: the event loop that pulses is never starved.
 */
import { Context } from '@temporalio/activity';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';

const everyMs = 1000;

export class Pulse implements ActivityInboundCallsInterceptor {
  async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    const context = Context.current();
    let latest: unknown = context.info.heartbeatDetails;
    const heartbeat = context.heartbeat.bind(context);
    // The activity's own heartbeats carry details; the pulse repeats the last of them.
    Object.defineProperty(context, 'heartbeat', {
      value: (details?: unknown) => {
        latest = details;
        heartbeat(details);
      },
    });
    const timer = setInterval(() => heartbeat(latest), everyMs);
    try {
      return await next(input);
    } finally {
      clearInterval(timer);
    }
  }
}
