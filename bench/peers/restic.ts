/**
 * restic of the data directory as it lies there (it knows of no databases), compression as it comes, AES-256 always. It stores no
 * bytes twice, so every backup goes to a repository of its own.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import type { Bed } from '../bed';
import type { Measured } from '../contest';
import type { TlsS3 } from '../s3';
import { timed } from '../timed';
import { type Peer, processes } from './peer';

export async function restic(bed: Bed, program: string, s3?: TlsS3): Promise<Peer> {
  const cluster = await bed.cluster();
  const dir = bed.folder(s3 ? 'restic-s3' : 'restic');
  if (s3) await s3.makeBucket('restic');
  let repositories = 0;
  const as = () => ({
    ...bed.user,
    env: {
      RESTIC_PASSWORD: 'benchmark',
      RESTIC_REPOSITORY: s3 ? `s3:${s3.endpoint}/restic/${repositories}` : path.join(dir, `repo-${repositories}`),
      RESTIC_CACHE_DIR: path.join(dir, 'cache'),
      GOMAXPROCS: String(processes),
      ...(s3 ? { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey } : {}),
    },
  });
  const kept = () =>
    Number(
      spawnSync('du', ['-sb', path.join(dir, `repo-${repositories}`)], { encoding: 'utf8' }).stdout.split('\t')[0],
    );
  const command = `'${program}' -q ${s3 ? `--cacert '${s3.certificate}'` : ''}`;
  const backup = `cd '${cluster.dataDir}' && ${command} backup --exclude pg_wal --exclude postmaster.pid .`;
  return {
    name: 'restic',
    async backup(): Promise<Measured> {
      if (!s3) await timed(`rm -rf '${path.join(dir, `repo-${repositories}`)}'`);
      repositories += 1;
      await timed(`${command} init --repository-version 2`, as());
      const { seconds, cpu } = await timed(backup, as());
      return { seconds, more: { 'cpu s': cpu } };
    },
    async incremental(): Promise<Measured> {
      const before = kept();
      const { seconds, cpu } = await timed(backup, as());
      return { seconds, more: { 'cpu s': cpu, 'stored MB': (kept() - before) / 1e6 } };
    },
    async verify(): Promise<Measured> {
      const { seconds, cpu } = await timed(`${command} check --read-data`, as());
      return { seconds, more: { 'cpu s': cpu } };
    },
    async restore(target): Promise<Measured> {
      const { seconds, cpu } = await timed(`${command} restore latest --target '${target}'`, as());
      return { seconds, more: { 'cpu s': cpu } };
    },
  };
}
