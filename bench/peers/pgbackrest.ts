/**
 * pgBackRest: zstd, AES-256-CBC, two processes. It is spared the wait for the archive (`--no-archive-check`), which ours does not
 * skip. Over S3 it needs TLS.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Cluster } from '../../test/support/postgres-cluster';
import type { Bed } from '../bed';
import type { Measured } from '../contest';
import type { TlsS3 } from '../s3';
import { timed } from '../timed';
import { level, type Peer, processes } from './peer';

export interface Stanza {
  cluster: Cluster;
  /** Configuration, repository, spool and logs lie there. */
  dir: string;
  s3?: TlsS3;
  /** More lines of its configuration. */
  more?: string[];
}

export async function pgbackrest(bed: Bed, program: string, s3?: TlsS3): Promise<Peer> {
  const dir = bed.folder(s3 ? 'pgbackrest-s3' : 'pgbackrest');
  if (s3) await s3.makeBucket('pgbackrest');
  const command = await createStanza(bed, program, { cluster: await bed.cluster(), dir, s3 });
  let stored = 0;
  return {
    name: 'pgbackrest',
    async backup(): Promise<Measured> {
      const { seconds, cpu } = await timed(`${command} --type=full --start-fast --no-archive-check backup`, bed.user);
      if (stored === 0) stored = await storedBytes(command, bed);
      return { seconds, more: { 'cpu s': cpu, ...(stored > 0 ? { 'stored MB': stored / 1e6 } : {}) } };
    },
    async incremental(): Promise<Measured> {
      const { seconds, cpu } = await timed(`${command} --type=incr --start-fast --no-archive-check backup`, bed.user);
      return { seconds, more: { 'cpu s': cpu, 'stored MB': (await storedBytes(command, bed)) / 1e6 } };
    },
    async verify(): Promise<Measured> {
      const { seconds, cpu } = await timed(`${command} verify`, bed.user);
      return { seconds, more: { 'cpu s': cpu } };
    },
    async restore(target): Promise<Measured> {
      const { seconds, cpu } = await timed(`${command} --pg1-path='${target}' restore`, bed.user);
      return { seconds, more: { 'cpu s': cpu } };
    },
  };
}

/** @returns the program with its configuration: a command comes behind it */
export async function createStanza(
  bed: Bed,
  program: string,
  { cluster, dir, s3, more = [] }: Stanza,
): Promise<string> {
  const config = path.join(dir, 'pgbackrest.conf');
  const repository = s3
    ? [
        ...['repo1-type=s3', 'repo1-path=/repo', 'repo1-s3-bucket=pgbackrest', 'repo1-s3-endpoint=127.0.0.1'],
        ...[`repo1-storage-port=${s3.port}`, 'repo1-storage-verify-tls=n', 'repo1-s3-uri-style=path'],
        ...['repo1-s3-region=us-east-1', `repo1-s3-key=${s3.accessKeyId}`, `repo1-s3-key-secret=${s3.secretAccessKey}`],
      ]
    : [`repo1-path=${path.join(dir, 'repo')}`];
  const settings = [
    ...['[global]', ...repository, 'repo1-cipher-type=aes-256-cbc', 'repo1-cipher-pass=benchmark', 'compress-type=zst'],
    ...[
      `compress-level=${level}`,
      `process-max=${processes}`,
      `log-path=${dir}`,
      `lock-path=${path.join(dir, 'lock')}`,
    ],
    ...[
      `spool-path=${dir}`,
      'log-level-console=warn',
      'log-level-file=off',
      'repo1-retention-full=9',
      'archive-check=n',
      ...more,
    ],
    ...['[main]', `pg1-path=${cluster.dataDir}`, `pg1-socket-path=${cluster.socketDir}`, `pg1-port=${cluster.port}`],
    'pg1-user=postgres',
  ];
  writeFileSync(config, `${settings.join('\n')}\n`, { mode: 0o644 });
  const command = `'${program}' --config='${config}' --stanza=main`;
  await timed(`${command} stanza-create`, bed.user);
  return command;
}

/** Of the newest backup. */
async function storedBytes(command: string, bed: Bed): Promise<number> {
  const { stdout } = await timed(`${command} --output=json info`, bed.user);
  const [stanza] = JSON.parse(stdout) as { backup: { info: { repository: { delta: number } } }[] }[];
  return stanza?.backup.at(-1)?.info.repository.delta ?? 0;
}
