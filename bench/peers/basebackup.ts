/** `pg_basebackup` to one compressed tar file, compressing at the client or at the server; neither encrypts. */
import path from 'node:path';
import type { Bed } from '../bed';
import type { Measured } from '../contest';
import { timed } from '../timed';
import { level, type Peer, processes } from './peer';

export async function basebackup(bed: Bed, side: 'client' | 'server'): Promise<Peer> {
  const cluster = await bed.cluster();
  const dir = bed.folder(`basebackup-${side}`);
  const to = path.join(dir, 'out');
  const program = path.join(cluster.binDir, 'pg_basebackup');
  const compress = `--compress=${side}-zstd:level=${level},workers=${processes}`;
  const options = `-D '${to}' -Ft -X none -c fast --no-manifest ${compress}`;
  return {
    name: `pg_basebackup ${side} zstd`,
    async backup(): Promise<Measured> {
      await timed(`rm -rf '${to}'`);
      const where = `-h '${cluster.socketDir}' -p ${cluster.port} -U postgres`;
      const { seconds, cpu } = await timed(`'${program}' ${where} ${options}`, bed.user);
      return { seconds, more: { 'cpu s of the client': cpu } };
    },
    async restore(target): Promise<Measured> {
      const { seconds, cpu } = await timed(`zstd -dcq '${to}/base.tar.zst' | tar -xf - -C '${target}'`, bed.user);
      return { seconds, more: { 'cpu s': cpu } };
    },
  };
}
