/** A full pack on its way: to a thread, which compresses and encrypts it, and to the store, unless that has it already. */
import { heartbeat } from '@temporalio/activity';
import type { StoredPack } from '../../../domain/pack';
import type { RepositoryCopy } from '../../../repository/copy';
import { type GenerationRef, packKey } from '../../../repository/names';
import { storePack } from '../../../repository/packs/store-pack';
import type { SiteContext } from '../../context';
import { patiently } from '../../patiently';
import type { Bases } from '../bases';
import type { FindSame } from './earlier-packs';
import type { FullPack } from './intake';

interface StorerOptions {
  context: SiteContext;
  copy: RepositoryCopy;
  ref: GenerationRef;
  dataKey: Uint8Array;
  same: FindSame;
  /** What of the slices the chain holds already, block by block. */
  bases: Bases;
  /** For people who look at the heartbeat. */
  expectedBytes: number;
  signal: AbortSignal;
}

export interface Storer {
  /** Packs that an earlier generation had stored. */
  readonly reused: number;
  /** Undefined when every block of it is in the chain already. */
  store(pack: FullPack): Promise<StoredPack | undefined>;
}

export function packStorer(options: StorerOptions): Storer {
  const { context, copy, ref, dataKey, same, bases, expectedBytes, signal } = options;
  const { backupId, component } = ref;
  /** Packs that are stored, bytes that came. */
  const done = { packs: 0, bytes: 0 };
  const storer = { reused: 0, store };

  async function store({ planned, memory, free }: FullPack): Promise<StoredPack | undefined> {
    const { pack, slices } = planned;
    const known = await patiently(signal, () => Promise.all(slices.map((slice) => bases.of(slice))));
    const { built, release } = await context.threads.buildLaidPackInThread(
      {
        ...{ backupId, component, pack, slices, dataKey, memory },
        bases: known,
        ...{ contentKey: copy.keys.content, level: context.config.compression.level },
      },
      signal,
    );
    free();
    try {
      done.bytes += slices.reduce((sum, { length }) => sum + length, 0);
      if (built.bytes === 0) return undefined;
      const earlier = same(built.contentMac, built.slices);
      if (earlier) storer.reused += 1;
      const object = packKey(copy.keys.names, ref, pack);
      const stored = earlier
        ? { ...earlier, slices: built.slices }
        : await patiently(signal, () => storePack(copy, object, built, { backupId, component, dataKey }, signal));
      done.packs += 1;
      heartbeat({ ...done, expectedBytes });
      return stored;
    } finally {
      release();
    }
  }

  return storer;
}
