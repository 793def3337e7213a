/**
 * Whether an incremental backup costs what changed and not what the database weighs: the same rows are updated in a database and in one four times as
 * large, round by round, on a server that summarises its WAL where one is at hand.
 */
import { Bed } from '../bed';
import { Lane } from '../lane';
import { median, type Row, rounded } from '../row';
import type { Session } from '../session';
import { timed } from '../timed';

const times = 4;
/** Of the smaller database. */
const percent = 5;

export async function incrementalGrowth({ options }: Session): Promise<Row> {
  const binDir = process.env['HOLDFAST_TEST_PG17'];
  const server = binDir ? { binDir, conf: { summarize_wal: 'on' } } : undefined;
  const beds = [options.mib, options.mib * times].map((mib) => new Bed({ ...options, mib, ...(server && { server }) }));
  const rows = Math.round((options.mib / 14.9) * 100_000 * (percent / 100));
  const seen: number[][] = beds.map(() => []);
  try {
    const contenders = await Promise.all(beds.map(async (bed) => await contender(bed)));
    for (let round = 0; round < options.rounds; round++) {
      for (const [at, { cluster, holdfast }] of contenders.entries()) {
        const first = round * rows;
        await cluster.psql(
          `update pgbench_accounts set abalance = abalance + 1 where aid > ${first} and aid <= ${first + rows}; checkpoint`,
        );
        await timed('sync');
        const { result } = await holdfast.perform('backup', '--type', 'incremental');
        options.say(`${at === 0 ? 'the smaller' : 'the larger'}: ${result.seconds.toFixed(2)} s`);
        seen[at]?.push(result.seconds);
      }
    }
  } finally {
    for (const bed of beds) await bed.destroy();
  }
  const [small = Number.NaN, large = Number.NaN] = seen.map(median);
  return {
    work: 'incremental-growth',
    ours: rounded(large / small),
    unit: 'x',
    peers: {},
    missing: binDir ? [] : ['PostgreSQL 17 or newer'],
    details: {
      'same change': { [`${options.mib} MiB, s`]: rounded(small), [`${options.mib * times} MiB, s`]: rounded(large) },
    },
  };
}

/** With a full backup to build upon. */
async function contender(bed: Bed) {
  const lane = new Lane(bed, 'dir');
  const cluster = await bed.cluster();
  const holdfast = await lane.holdfast('incremental');
  await holdfast.perform('backup');
  return { cluster, holdfast };
}
