/**
 * A catalog of many backups, in a directory and in the S3 server: `list`, `list` after some changes, `retention report`, `catalog rebuild` with every head there and with
 * all of them lost. Each is the command line from its start to its end, with its requests and its peak of memory.
 *
 * The one figure: seconds of `list --json` from the S3 server.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { startCountingProxy } from '../counting-proxy';
import { peakMemoryOf } from '../process-cost';
import { median, type Row, rounded } from '../row';
import { RequestTally, requestKinds } from '../s3-requests';
import type { Session } from '../session';

/** Less than what brings a new snapshot about. */
const changes = 200;
const main = path.join(__dirname, '../../client/main.js');
const fill = path.join(__dirname, '../fill-catalog.js');

interface Place {
  dir: string;
  env: NodeJS.ProcessEnv;
  /** Where the heads lie on disk. */
  heads: string;
  tally: RequestTally;
}

export async function catalog(session: Session): Promise<Row> {
  const { backups, rounds, say } = session.options;
  const details: Row['details'] = { catalog: { backups } };
  let ours: number | null = null;
  for (const kind of ['dir', 's3'] as const) {
    const place = await prepare(session, kind);
    say(`catalog: putting ${backups} backups into the store (${kind})`);
    details[`${kind}, filled`] = await run(place, [fill, String(backups)]);
    const list = await best(rounds, () => run(place, [main, 'list', '--json']));
    details[`${kind}, list --json`] = list;
    details[`${kind}, list`] = await best(rounds, () => run(place, [main, 'list']));
    details[`${kind}, retention report`] = await best(rounds, () =>
      run(place, [main, 'retention', 'report', '--json']),
    );
    await run(place, [fill, String(backups), String(Math.min(changes, backups))]);
    details[`${kind}, list, ${changes} changed`] = await best(rounds, () => run(place, [main, 'list', '--json']));
    say(`catalog: rebuilding (${kind})`);
    details[`${kind}, rebuild, all there`] = await run(place, [main, 'catalog', 'rebuild', '--json']);
    rmSync(place.heads, { recursive: true });
    details[`${kind}, rebuild, heads lost`] = await run(place, [main, 'catalog', 'rebuild', '--json']);
    if (kind === 's3') ours = list['seconds'] ?? null;
  }
  return { work: 'catalog', ours, unit: 's', peers: {}, missing: [], details };
}

async function prepare({ bed }: Session, kind: 'dir' | 's3'): Promise<Place> {
  const name = `catalog-${kind}`;
  const dir = bed.folder(name);
  const tally = new RequestTally();
  const at = (file: string) => path.join(dir, file);
  const env: NodeJS.ProcessEnv = { HOME: dir, XDG_STATE_HOME: at('state'), HOLDFAST_CONFIG: at('holdfast.yaml') };
  let store: object = { kind, path: at('store') };
  let heads = at('store/catalog/heads');
  if (kind === 's3') {
    const s3 = await bed.s3();
    await s3.makeBucket(name);
    const proxy = await startCountingProxy(s3, (method, url) => tally.count(method, url));
    bed.atEnd(() => proxy.stop());
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration names secrets so
    const secrets = { accessKeyId: '${env:BENCH_S3_ACCESS}', secretAccessKey: '${env:BENCH_S3_SECRET}' };
    store = { kind, endpoint: proxy.endpoint, bucket: name, region: 'us-east-1', ...secrets };
    heads = path.join(s3.data, name, 'catalog/heads');
    Object.assign(env, { BENCH_S3_ACCESS: s3.accessKeyId, BENCH_S3_SECRET: s3.secretAccessKey });
    Object.assign(env, { NODE_EXTRA_CA_CERTS: s3.certificate });
  } else bed.folder(`${name}/store`);
  writeFileSync(at('master.key'), `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  const sites = { dc01: { components: { files: { kind: 'files', paths: [dir] } } } };
  const encryption = { keyFile: at('master.key') };
  // What it keeps by is of no account: every backup is looked at.
  const tiers = { hourly: { schedule: '0 * * * *', type: 'incremental', to: ['hot'], keep: { last: 48, days: 90 } } };
  writeFileSync(at('holdfast.yaml'), stringify({ system: 'bench', sites, stores: { hot: store }, tiers, encryption }));
  return { dir, env, heads, tally };
}

/** @throws Error with what it said unless it ends well */
async function run({ dir, env, tally }: Place, args: string[]): Promise<Record<string, number>> {
  tally.clear();
  const began = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: dir,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [said, mib, bytes] = ['', 0, 0];
  const look = setInterval(() => {
    mib = Math.max(mib, memoryOf(child.pid ?? 0));
  }, 50);
  child.stdout.on('data', (data: Buffer) => {
    bytes += data.length;
  });
  child.stderr.on('data', (data: Buffer) => {
    said = (said + String(data)).slice(-2000);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearInterval(look);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${said}`);
  const asked = Object.fromEntries(
    requestKinds.map((kind) => [kind, tally.of(kind)] as const).filter(([, many]) => many > 0),
  );
  const seconds = (performance.now() - began) / 1000;
  return {
    seconds: rounded(seconds),
    MiB: Math.round(mib),
    ...(bytes > 0 && { 'answer KiB': Math.round(bytes / 1024) }),
    ...asked,
  };
}

/** Of its life so far; 0 when it has just ended. */
function memoryOf(pid: number): number {
  try {
    return peakMemoryOf(pid) || 0;
  } catch {
    return 0;
  }
}

async function best(rounds: number, work: () => Promise<Record<string, number>>): Promise<Record<string, number>> {
  const runs: Record<string, number>[] = [];
  for (let round = 0; round < rounds; round++) runs.push(await work());
  return { ...runs.at(-1), seconds: median(runs.map(({ seconds = Number.NaN }) => seconds)) };
}
