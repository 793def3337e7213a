/** One Temporal runtime a process, quiet on stdout: results go there, and logs go to stderr or a file. */
import { DefaultLogger, type LogLevel, makeTelemetryFilterString, Runtime } from '@temporalio/worker';

let installed = false;

export interface RuntimeWishes {
  level?: LogLevel;
  /** IP:port where the engine's metrics are served. */
  metrics?: string;
}

/** The first call counts. */
export function installRuntime({ level = 'WARN', metrics }: RuntimeWishes = {}): void {
  if (installed) return;
  Runtime.install({
    logger: new DefaultLogger(level, (entry) => {
      // Every queue of ours serves either workflows or activities: that is no mistake.
      if (/^No (activities|workflows) registered/.test(entry.message)) return;
      const meta = entry.meta === undefined ? '' : ` ${safeMeta(entry.meta)}`;
      process.stderr.write(
        `${new Date(Number(entry.timestampNanos / 1_000_000n)).toISOString()} ${entry.level} ${entry.message}${meta}\n`,
      );
    }),
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }), forward: {} },
      ...(metrics !== undefined && {
        metrics: { attachServiceName: false, prometheus: { ...naming, bindAddress: metrics } },
      }),
    },
    shutdownSignals: [],
  });
  installed = true;
}

/** As Prometheus names things: base units, counters that end in `_total`. */
const naming = { countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true };

/** Only fields that are known to be harmless: an error object may carry anything. */
function safeMeta(meta: Record<string, unknown>): string {
  const wanted = ['workflowType', 'workflowId', 'activityType', 'taskQueue', 'attempt'];
  const kept = Object.fromEntries(wanted.filter((key) => meta[key] !== undefined).map((key) => [key, meta[key]]));
  const error = meta['error'];
  return JSON.stringify(error instanceof Error ? { ...kept, error: error.message } : kept);
}
