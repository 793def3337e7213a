/** What orchestration itself costs: a backup and a restore of one file of a few bytes, an engine running. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { Holdfast } from '../holdfast';
import { median, type Row, rounded } from '../row';
import type { Session } from '../session';

export async function overhead(session: Session): Promise<Row> {
  const { bed, options } = session;
  const dir = bed.folder('overhead');
  const holdfast = await Holdfast.create({ dir });
  const seen: Record<string, number[]> = {};
  const note = (name: string, value: number) => {
    seen[name] = [...(seen[name] ?? []), value];
  };
  try {
    for (let round = 1; round <= options.rounds + 1; round++) {
      const backup = await holdfast.perform('backup');
      const to = path.join(dir, 'to');
      const restore = await holdfast.perform('restore', 'latest', '--to', to);
      rmSync(to, { recursive: true, force: true });
      if (round === 1) continue; // makes the repository, loads the code
      options.say(`overhead, round ${round - 1}: ${backup.result.seconds.toFixed(2)} s`);
      note('backup s', backup.result.seconds);
      note('backup cli wall s', backup.wall);
      note('backup cpu s', backup.cpu);
      note('restore s', restore.result.seconds);
      note('restore cli wall s', restore.wall);
      note('restore cpu s', restore.cpu);
    }
  } finally {
    await holdfast.down();
  }
  const details = Object.fromEntries(Object.entries(seen).map(([name, values]) => [name, rounded(median(values))]));
  return {
    work: 'overhead',
    ours: details['backup s'] ?? null,
    unit: 's',
    peers: {},
    missing: [],
    details: { holdfast: details },
  };
}
