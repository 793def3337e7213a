/** `points`: what can be restored, what cannot, and what would be lost now. */
import { formatDuration } from '../../domain/config/units';
import { acknowledgeGap, parseGap } from '../catalog/acknowledge';
import type { PointGap } from '../catalog/ledger';
import { shownRestoreTime } from '../catalog/objectives';
import { withRepository } from '../catalog/open';
import { type ComponentPoints, recoverablePoints } from '../catalog/points';
import { configured, type GlobalOptions, type Outcome } from '../context';
import { say } from '../output/say';
import { table } from '../output/table';
import { askedSites } from '../sites';

export async function points(options: GlobalOptions & { site?: string; acknowledge?: string }): Promise<Outcome> {
  const loaded = await configured(options);
  const sites = askedSites(loaded.config, options.site);
  if (options.acknowledge !== undefined) {
    const gap = parseGap(options.acknowledge);
    const stores = await withRepository(loaded, (repository) => acknowledgeGap(repository, loaded.config, sites, gap));
    say(`acknowledged in ${stores.join(', ')}: ${options.acknowledge}`);
  }
  const found = await withRepository(loaded, (repository) => recoverablePoints(repository, loaded.config, sites));
  return { json: found, text: found.length === 0 ? 'nothing can be restored yet' : found.map(describe).join('\n\n') };
}

function describe(one: ComponentPoints): string {
  const title = `${one.component} (${one.site}${one.store === undefined ? '' : `, store ${one.store}`})`;
  if (one.kind === 'files') {
    const rows = one.moments.map(({ at, backupId }) => [at, backupId]);
    if (rows.length === 0) return `${title}: no backup`;
    return [title, table(['MOMENT', 'BACKUP'], rows), ...describeMeasured(one)].join('\n');
  }
  const rows = one.intervals.map((each) => [
    each.from,
    each.to,
    String(each.timeline),
    each.toLsn,
    String(each.backups.length),
  ]);
  const lines = [
    title,
    rows.length === 0 ? '  no recoverable interval' : table(['FROM', 'TO', 'TIMELINE', 'LAST LSN', 'BACKUPS'], rows),
    ...namedLines(one),
    ...one.gaps.map(describeGap),
    ...(one.switches ?? []).slice(-1).map(({ commits, at, reason }) => `  commits ${commits} since ${at}: ${reason}`),
    ...(one.ledger?.findings ?? [])
      .filter(({ fault, state }) => fault !== 'missing' || state !== 'lost')
      .map(({ foundAt, text }) => `  ${foundAt}: ${text}`),
    ...describeMeasured(one),
  ];
  return lines.join('\n');
}

/** The newest by name, since that is what `restore` takes. */
function namedLines({ named = [] }: ComponentPoints): string[] {
  const newest = named.at(-1);
  if (newest === undefined) return [];
  return [`  ${named.length} recovery points since ${named[0]?.at}, the newest ${newest.backupId} of ${newest.at}`];
}

/** What is measured, beside what is promised. */
function describeMeasured({ rpoSeconds, rto, objectives = {} }: ComponentPoints): string[] {
  const promised = (seconds: number | undefined, measured: number) => {
    if (seconds === undefined) return '';
    return `; promised: at most ${formatDuration(seconds * 1000)}${measured > seconds ? ', missed' : ''}`;
  };
  const { rpoSeconds: rpo, rtoSeconds } = objectives;
  const lost = rpoSeconds === undefined ? 'everything' : formatDuration(rpoSeconds * 1000);
  const time = rto && shownRestoreTime({ rto });
  return [
    ...(rpoSeconds === undefined && rpo === undefined
      ? []
      : [`  would be lost now: ${lost}${promised(rpo, rpoSeconds ?? Number.POSITIVE_INFINITY)}`]),
    ...(rto ? [`  a restore would take about ${time}${promised(rtoSeconds, rto.seconds)}`] : []),
  ];
}

/** As `--acknowledge` takes it. */
function describeGap({ timeline, fromLsn, toLsn, acknowledged }: PointGap): string {
  const known = acknowledged ? `, acknowledged by ${acknowledged.by} at ${acknowledged.at}` : '';
  return `  gap ${timeline}/${fromLsn}-${toLsn}${known}`;
}
