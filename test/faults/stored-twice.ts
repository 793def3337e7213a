/** How many bytes of the same contents lie twice among the packs of a backup that is not sealed yet. */
import { firstPack } from '../../activities/backup/stream/earlier-packs';
import { loadConfig } from '../../components/config-file/load';
import { openConfiguredRepository } from '../../components/config-file/open-repository';
import { getDataKey } from '../../repository/data-key';
import { backupFolder, packKey } from '../../repository/names';
import { findStoredPack } from '../../repository/packs/store-pack';
import type { StoredTwiceNote } from './notes';

const generationsAtMost = 6;
const packsAtMost = 2000;

export async function countStoredTwice(backupId: string, components: string[]): Promise<StoredTwiceNote> {
  const { config } = await loadConfig(process.env['HOLDFAST_CONFIG'] as string);
  const repository = await openConfiguredRepository(config);
  try {
    const copy = repository.copy();
    const dataKey = await getDataKey(copy, backupId);
    const keys = new Set<string>();
    for await (const { key } of copy.store.list(`${backupFolder(backupId)}packs/`)) keys.add(key);
    const copies = new Map<string, { bytes: number; of: number[] }>();
    for (const component of components) {
      for (let generation = 1; generation <= generationsAtMost; generation++) {
        for (const pack of numbersOf(generation)) {
          const object = packKey(copy.keys.names, { backupId, component, generation }, pack);
          if (!keys.delete(object)) continue;
          const found = await findStoredPack(copy, object, { backupId, component, pack, dataKey });
          if (!found) continue;
          const seen = copies.get(found.contentMac) ?? { bytes: found.bytes, of: [] };
          seen.of[generation] = (seen.of[generation] ?? 0) + 1;
          copies.set(found.contentMac, seen);
        }
      }
    }
    if (keys.size > 0) throw new Error(`${keys.size} packs of ${backupId} belong to no generation`);
    return { kind: 'stored twice', backupId, ...sumOfCopies([...copies.values()]) };
  } finally {
    await repository.close();
  }
}

/** Counted on through all generations, or from a beginning of each generation's own where the packs came by a stream. */
function* numbersOf(generation: number): Generator<number> {
  for (const first of new Set([0, firstPack(generation)])) {
    for (let at = 0; at < packsAtMost; at++) yield first + at;
  }
}

/** `of`: how many packs of each generation hold these contents. Equal packs of one generation are equal contents of the source; those of another generation were stored again. */
export function sumOfCopies(copies: { bytes: number; of: number[] }[]) {
  const total = { packs: 0, packsTwice: 0, bytesTwice: 0 };
  for (const { bytes, of } of copies) {
    const counts = Object.values(of);
    const all = counts.reduce((a, b) => a + b, 0);
    const twice = all - Math.max(...counts);
    total.packs += all;
    total.packsTwice += twice;
    total.bytesTwice += twice * bytes;
  }
  return total;
}
