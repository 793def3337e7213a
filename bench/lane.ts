/** Everybody who takes part on one kind of store, each set up once and used by the backup and the restore work alike. */

import type { Bed } from './bed';
import { Holdfast } from './holdfast';
import { basebackup } from './peers/basebackup';
import type { Peer } from './peers/peer';
import { pgbackrest } from './peers/pgbackrest';
import { pipeline } from './peers/pipeline';
import { restic } from './peers/restic';
import { findProgram } from './timed';

export type StoreKind = 'dir' | 's3';

export class Lane {
  private made: Promise<Peer[]> | undefined;
  private readonly backedUp = new Set<string>();
  /** Named where the comparison wants them and this machine has none. */
  readonly missing: string[] = [];

  constructor(
    readonly bed: Bed,
    readonly store: StoreKind,
  ) {}

  peers(): Promise<Peer[]> {
    this.made ??= this.make();
    return this.made;
  }

  /** Without it there is nothing to restore. */
  async ensureBackup(peer: Peer): Promise<void> {
    if (!this.backedUp.has(peer.name)) await peer.backup();
    this.backedUp.add(peer.name);
  }

  hasBackup(peer: Peer): void {
    this.backedUp.add(peer.name);
  }

  async holdfast(name: string, level?: number): Promise<Holdfast> {
    const { bed } = this;
    const cluster = await bed.cluster();
    const s3 = this.store === 's3' ? await bed.s3() : undefined;
    const holdfast = await Holdfast.create({ dir: bed.folder(`holdfast-${name}`), cluster, s3, level });
    bed.atEnd(() => holdfast.down());
    return holdfast;
  }

  private async make(): Promise<Peer[]> {
    const { bed, store } = this;
    const s3 = store === 's3' ? await bed.s3() : undefined;
    const peers: Peer[] = [];
    for (const [name, make] of [
      ['pgbackrest', pgbackrest],
      ['restic', restic],
    ] as const) {
      const program = findProgram(name);
      if (program === undefined) this.missing.push(name);
      else peers.push(await make(bed, program, s3));
    }
    if (store === 's3') return peers;
    if (findProgram('zstd') === undefined) this.missing.push('zstd');
    else peers.push(await basebackup(bed, 'client'), await basebackup(bed, 'server'));
    return peers;
  }

  /** Plain and encrypted; on a local file system whatever the store is. */
  async pipelines(): Promise<Peer[]> {
    const tools = ['tar', 'zstd', 'openssl'].filter((name) => findProgram(name) === undefined);
    this.missing.push(...tools.filter((name) => !this.missing.includes(name)));
    return tools.length > 0 ? [] : [await pipeline(this.bed, false), await pipeline(this.bed, true)];
  }
}
