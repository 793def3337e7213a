/**
 * `npm run soak:network`: the ways to the store and to the server are cut for 30 seconds each, and the store is killed for two minutes,
 * under load, in every mode. Prints a table of what was seen; ends with 1 when anything is missing.
 *
 * Options: `--seconds N` of a cut (default 30), `--killed N` seconds of the killed store (default 120), `--only async|sync|hybrid`,
 * `--what store|server`.
 */
import { parseArgs } from 'node:util';
import { formatBytes } from '../../domain/config/units';
import { parseInstant } from '../../domain/instant';
import { steadyInstant } from '../real/load';
import { type Cut, Network, type SeenCut } from './network';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    killed: { type: 'string', default: '120' },
    only: { type: 'string' },
    what: { type: 'string' },
  },
});

const seconds = Number(values.seconds);
const cuts: Cut[] = [
  { what: 'store', how: 'refused', seconds },
  { what: 'store', how: 'swallowed', seconds },
  { what: 'server', how: 'refused', seconds },
  { what: 'server', how: 'swallowed', seconds },
  { what: 'store', how: 'killed', seconds: Number(values.killed) },
];
const modes = [{ mode: 'async' }, { mode: 'sync' }, { mode: 'hybrid', syncThreshold: '4s' }] as const;

async function main(): Promise<number> {
  let broken = 0;
  const heads = [
    'mode',
    'cut',
    'commits meanwhile',
    'kept by the server',
    'hours left',
    'all stored after',
    'commits were',
  ];
  process.stdout.write(`| ${heads.join(' | ')} | restored to its middle |\n|${'---|'.repeat(heads.length + 1)}\n`);
  for (const wal of modes) {
    if (values.only === undefined || values.only === wal.mode) broken += await cutAll(wal);
  }
  return broken > 0 ? 1 : 0;
}

/** Returns how often something was missing. */
async function cutAll(wal: (typeof modes)[number]): Promise<number> {
  const { mode } = wal;
  const network = await Network.create(wal);
  try {
    const seen: [Cut, SeenCut][] = [];
    for (const cut of cuts.filter(({ what }) => values.what === undefined || values.what === what)) {
      seen.push([cut, await network.cut(cut)]);
      process.stderr.write(`${mode}, ${JSON.stringify(seen.at(-1))}\n`);
    }
    const ledger = await network.settle();
    const [intervals, gaps] = await network.intervalsAndGaps();
    let broken = gaps + intervals - 1;
    for (const [cut, one] of seen) {
      const { found, wanted } = await network.restoredAt(steadyInstant(ledger, parseInstant(one.middle)), ledger);
      const right = found.join() === wanted.join();
      if (!right) broken++;
      process.stdout.write(
        row(mode, cut, one, right ? `all ${wanted.length} rows` : `${found.length} of ${wanted.length}`),
      );
    }
    process.stdout.write(`\n${mode}: ${intervals} interval, ${gaps} gaps\n\n`);
    return broken;
  } finally {
    await network.destroy();
  }
}

function row(mode: string, { what, how, seconds: lasted }: Cut, seen: SeenCut, restored: string): string {
  const { commits, retainedBytes, hoursLeft, caughtUpAfterMs, switches } = seen;
  const told = [
    ...[mode, `${what} ${how}, ${lasted} s`, commits, formatBytes(retainedBytes), hoursLeft?.toFixed(1) ?? ''],
    ...[`${(caughtUpAfterMs / 1000).toFixed(1)} s`, switches.join(', ') || 'as before', restored],
  ];
  return `| ${told.join(' | ')} |\n`;
}

void main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);
