/**
 * An incremental backup after so many percent of the rows were updated (neighbours, as in a table that is appended to), on a server that summarises its
 * WAL where one is at hand, and on the machine's own beside the peers. What was stored stands against the changed pages compressed.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Cluster } from '../../test/support/postgres-cluster';
import { Bed } from '../bed';
import type { Measured } from '../contest';
import { Lane } from '../lane';
import type { Peer } from '../peers/peer';
import { median, type Row, rounded } from '../row';
import type { Session } from '../session';
import { timed } from '../timed';

const pageBytes = 8192;

export async function incremental({ options }: Session, percent: number): Promise<Row> {
  const work = percent === 0 ? 'incremental-none' : `incremental-${percent}`;
  const binDir = process.env['HOLDFAST_TEST_PG17'];
  const own = await onServer(new Bed(options), percent);
  const summarizing = binDir
    ? await onServer(new Bed({ ...options, server: { binDir, conf: { summarize_wal: 'on' } } }), percent, false)
    : undefined;
  const best = summarizing ?? own;
  const figure = (name: string, of: typeof own) => of.details[name]?.[percent === 0 ? 'seconds' : 'stored MB'];
  const peers = Object.keys(own.details).filter((name) => !['holdfast', 'changed pages'].includes(name));
  return {
    work,
    ours: figure('holdfast', best) ?? null,
    unit: percent === 0 ? 's' : 'MB',
    peers: Object.fromEntries(peers.map((name) => [name, figure(name, own) ?? Number.NaN])),
    ...(percent === 0 ? {} : { limit: best.details['changed pages']?.['zstd MB'] }),
    missing: [...own.missing, ...(summarizing ? [] : ['PostgreSQL 17 or newer'])],
    details: {
      ...own.details,
      ...(summarizing && {
        'holdfast, summarised WAL': summarizing.details['holdfast'] ?? {},
        'changed pages there': summarizing.details['changed pages'] ?? {},
      }),
    },
  };
}

async function onServer(bed: Bed, percent: number, withPeers = true) {
  const { rounds, say } = bed.options;
  const seen: Record<string, Record<string, number[]>> = {};
  const note = (name: string, { seconds, more }: Measured) => {
    for (const [key, value] of Object.entries({ seconds, ...more })) {
      const figures = seen[name] ?? {};
      seen[name] = figures;
      figures[key] = [...(figures[key] ?? []), value];
    }
    say(`${percent} %: ${name} ${seconds.toFixed(2)} s, ${more?.['stored MB']?.toFixed(1) ?? '–'} MB`);
  };
  try {
    const lane = new Lane(bed, 'dir');
    const cluster = await bed.cluster();
    const holdfast = await lane.holdfast('incremental');
    const peers = withPeers
      ? (await lane.peers()).filter((one): one is Incremental => one.incremental !== undefined)
      : [];
    await holdfast.perform('backup');
    for (const peer of peers) await peer.backup();
    for (let round = 0; round < rounds; round++) {
      const before = copyOf(bed, cluster);
      await update(cluster, percent, round);
      await timed('sync');
      const { result, wall, cpu } = await holdfast.perform('backup', '--type', 'incremental');
      const more = { 'cli wall s': wall, 'cpu s': cpu, 'stored MB': holdfast.bytesOf(result.backupId ?? '') / 1e6 };
      note('holdfast', { seconds: result.seconds, more });
      for (const peer of peers) note(peer.name, await peer.incremental());
      if (percent > 0) note('changed pages', changedPages(bed, cluster, before));
    }
    const details = Object.entries(seen).map(([name, values]) => [
      name,
      Object.fromEntries(Object.entries(values).map(([key, list]) => [key, rounded(median(list))])),
    ]);
    return { details: Object.fromEntries(details) as Row['details'], missing: lane.missing };
  } finally {
    await bed.destroy();
  }
}

type Incremental = Peer & Required<Pick<Peer, 'incremental'>>;

/** Each round other rows. */
async function update(cluster: Cluster, percent: number, round: number): Promise<void> {
  if (percent > 0) {
    const first = `(select max(aid) * ${(round * percent) % 100} / 100 from pgbench_accounts)`;
    const count = `(select max(aid) * ${percent} / 100 from pgbench_accounts)`;
    await cluster.psql(
      `update pgbench_accounts set abalance = abalance + 1 + ${round} where aid > ${first} and aid <= ${first} + ${count}`,
    );
  }
  await cluster.psql('checkpoint');
}

/** The databases as they lie on disk. */
function copyOf(bed: Bed, cluster: Cluster): string {
  const copy = path.join(bed.folder('before'), 'base');
  spawnSync('rm', ['-rf', copy]);
  spawnSync('cp', ['-r', path.join(cluster.dataDir, 'base'), copy]);
  return copy;
}

/** Every page that is another than before or was not there, one after another, and what zstd at our own level makes of them. */
function changedPages(bed: Bed, cluster: Cluster, before: string): Measured {
  const out = path.join(bed.folder('before'), 'pages');
  const sink = openSync(out, 'w');
  let bytes = 0;
  const base = path.join(cluster.dataDir, 'base');
  for (const file of readdirSync(base, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const whole = path.join(file.parentPath, file.name);
    const known = fileOf(path.join(before, path.relative(base, whole)));
    const now = fileOf(whole);
    for (let at = 0; at < now.length; at += pageBytes) {
      const page = now.subarray(at, at + pageBytes);
      if (page.equals(known.subarray(at, at + pageBytes))) continue;
      writeSync(sink, page);
      bytes += page.length;
    }
  }
  closeSync(sink);
  spawnSync('zstd', ['-q', '-1', '-f', out, '-o', `${out}.zst`]);
  return { seconds: 0, more: { 'raw MB': bytes / 1e6, 'zstd MB': statSync(`${out}.zst`).size / 1e6 } };
}

function fileOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}
