/** Pins and legal holds: `retention/pins/<backup id>.json` and `retention/holds/<backup id>.json`, in the clear. */
import { z } from 'zod';
import type { Spared } from '../../domain/retention/types';
import type { RepositoryCopy } from '../copy';

const folders = { pin: 'retention/pins/', hold: 'retention/holds/' } as const;

const said = z.looseObject({ by: z.string() });

/** One that cannot be read stands: its name says for which backup. */
export async function sparedBackups({ store }: RepositoryCopy, signal?: AbortSignal): Promise<Spared[]> {
  const spared: Spared[] = [];
  for (const kind of ['pin', 'hold'] as const) {
    for await (const { key } of store.list(folders[kind], { signal })) {
      const backupId = key.slice(folders[kind].length).replace(/\.json$/, '');
      spared.push({ backupId, kind, by: byOf(await store.get(key).catch(() => Buffer.alloc(0))) });
    }
  }
  return spared;
}

function byOf(object: Buffer): string {
  try {
    return said.parse(JSON.parse(object.toString())).by;
  } catch {
    return 'somebody';
  }
}
