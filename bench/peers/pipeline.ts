/**
 * The limit: what the machine does with standard tools and no product around them. No index, no checksums, nothing synced, and in
 * the plain form nothing encrypted.
 */
import path from 'node:path';
import type { Bed } from '../bed';
import type { Measured } from '../contest';
import { timed } from '../timed';
import { level, type Peer, processes } from './peer';

export async function pipeline(bed: Bed, encrypted: boolean): Promise<Peer> {
  const cluster = await bed.cluster();
  const file = path.join(bed.folder(encrypted ? 'pipeline-aes' : 'pipeline'), 'all');
  const key = `-K ${'5a'.repeat(32)} -iv ${'00'.repeat(16)}`;
  const seal = encrypted ? ` | openssl enc -aes-256-ctr ${key}` : '';
  const open = encrypted ? `openssl enc -d -aes-256-ctr ${key} -in '${file}' | zstd -dcq` : `zstd -dcq '${file}'`;
  return {
    name: encrypted ? 'tar | zstd | openssl' : 'tar | zstd',
    async backup(): Promise<Measured> {
      await timed(`rm -f '${file}'`);
      const read = `tar -C '${cluster.dataDir}' --exclude=./pg_wal -cf - .`;
      const { seconds, cpu } = await timed(
        `${read} | zstd -q -${level} -T${processes} -c${seal} > '${file}'`,
        bed.user,
      );
      return { seconds, more: { 'cpu s': cpu } };
    },
    async restore(target): Promise<Measured> {
      const { seconds, cpu } = await timed(`${open} | tar -xf - -C '${target}'`, bed.user);
      return { seconds, more: { 'cpu s': cpu } };
    },
  };
}
