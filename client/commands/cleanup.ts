/** `retention cleanup`: what nobody needs goes from the stores, and old logs from this host. */
import { type CleanedStore, type CleanUpRequest, cleanUpWorkflowId } from '../../domain/cleanup/report';
import { durationExample, formatBytes, parseDuration } from '../../domain/config/units';
import { HoldfastError } from '../../domain/errors';
import type { ProcedureResult } from '../../domain/progress';
import { configured, type GlobalOptions, type Outcome } from '../context';
import { dropOldFiles } from '../engine/old-files';
import { stateDir } from '../engine/state-files';
import { runProcedures } from '../procedures/run';
import { askedSites } from '../sites';

export interface CleanupOptions extends GlobalOptions {
  site?: string;
  grace?: string;
  dryRun?: boolean;
  detach?: boolean;
}

export async function cleanup(options: CleanupOptions): Promise<Outcome> {
  const asked = options.grace === undefined ? undefined : parseDuration(options.grace);
  if (options.grace !== undefined && asked === undefined) {
    throw new HoldfastError('usage', `"${options.grace}" is no duration`, {
      where: '--grace',
      hints: [durationExample],
    });
  }
  const loaded = await configured(options);
  const { config } = loaded;
  const graceMs = asked ?? config.retention.grace;
  const orders = askedSites(config, options.site).map((site) => {
    const request: CleanUpRequest = { site, graceMs, ...(options.dryRun && { dryRun: true }) };
    return {
      type: 'cleanUp' as const,
      workflowId: cleanUpWorkflowId(config.system, site),
      request,
      summary: `clean up the stores of ${site}`,
      label: site,
    };
  });
  const ended = await runProcedures(loaded, orders, { detach: options.detach, inTurn: true });
  const old = dropOldFiles(stateDir(config.system), { now: Date.now(), dryRun: options.dryRun === true });
  const results = [ended.json].flat().filter(isResult);
  const lines = results.flatMap(({ details }) => (isCleaned(details) ? details.stores.flatMap(describe) : []));
  if (old.length > 0) lines.push(`  logs and drafts of this host older than 30 d: ${old.join(', ')}`);
  return { ...ended, text: [ended.text, ...lines].filter(Boolean).join('\n') };
}

function describe({ store, removed, left, more }: CleanedStore): string[] {
  const kinds = Object.entries(removed).map(
    ([kind, { objects, bytes }]) => `${objects} of ${kind} (${formatBytes(bytes)})`,
  );
  return [
    `  ${store}: ${kinds.length === 0 ? 'nothing to remove' : kinds.join(', ')}`,
    ...left.map((line) => `    left: ${line}`),
    ...(more > 0 ? [`    left: ${more} more`] : []),
  ];
}

function isResult(value: unknown): value is ProcedureResult {
  return typeof value === 'object' && value !== null && 'details' in value;
}

function isCleaned(details: ProcedureResult['details']): details is { stores: CleanedStore[] } {
  return Array.isArray(details?.['stores']);
}
