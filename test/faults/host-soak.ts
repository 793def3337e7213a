/**
 * `npm run soak:host`: the host is lost twenty times in each mode, under load and on a quiet system. Prints a table of what was lost.
 *
 * Options: `--rounds N` (default 20), `--seed N` of the first round, `--only async|sync`.
 */
import { parseArgs } from 'node:util';
import { type Doom, loseHost, type Survived } from './host-destroyed';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});

const busy = { clients: 6, pauseMs: 0 };
const quiet = { clients: 1, pauseMs: 500 };
const cases: Record<string, Omit<Doom, 'seed'>> = {
  'sync, load': { mode: 'sync', ...busy },
  'sync, two commits a second': { mode: 'sync', ...quiet },
  'async 0 ms, load': { mode: 'async', interval: '0ms', ...busy },
  'async 0 ms, two commits a second': { mode: 'async', interval: '0ms', ...quiet },
};

async function main(): Promise<number> {
  let broken = 0;
  process.stdout.write(
    '| case | rounds | commits that came back | lost | lost time, median | worst |\n|---|---|---|---|---|---|\n',
  );
  for (const [name, doom] of Object.entries(cases)) {
    if (values.only !== undefined && values.only !== doom.mode) continue;
    const rounds: Survived[] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      const one = await loseHost({ ...doom, seed: Number(values.seed) + round });
      process.stderr.write(`${name}, round ${round + 1}: ${JSON.stringify(one)}\n`);
      rounds.push(one);
    }
    const sum = (key: 'acknowledged' | 'lost') => rounds.reduce((total, one) => total + one[key], 0);
    const times = rounds.map(({ lostMs }) => lostMs).sort((a, b) => a - b);
    const shown = [times[Math.floor(times.length / 2)], times.at(-1)].map((ms = 0) => `${Math.round(ms)} ms`);
    process.stdout.write(`| ${[name, rounds.length, sum('acknowledged'), sum('lost'), ...shown].join(' | ')} |\n`);
    if (doom.mode === 'sync') broken += sum('lost');
  }
  return broken > 0 ? 1 : 0;
}

void main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);
