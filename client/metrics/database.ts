/** One database in one store, by its mark of coverage and by what the ledger's last check found: nothing of the WAL is listed or read. */
import type { BackupHead } from '../../domain/backup';
import { isHoldfastError } from '../../domain/errors';
import { formatLsn } from '../../domain/lsn';
import type { RestoreSample, RestoreTime } from '../../domain/objectives';
import { isTrouble } from '../../domain/wal-ledger';
import type { RepositoryCopy } from '../../repository/copy';
import type { Repository } from '../../repository/repository';
import { getSealedManifest } from '../../repository/sealed-manifest';
import { WalArchive } from '../../repository/wal/archive';
import { walObjects } from '../../repository/wal/bind';
import { type Coverage, opaque, systemsOf, type WalOwner } from '../../repository/wal/marks';
import { LedgerOfArchive } from '../catalog/ledger';
import { restoreTime } from '../catalog/restore-time';

export interface DatabaseReading {
  rpoSeconds?: number;
  rto?: RestoreTime;
  /** Absent where no shipper has looked yet. */
  ledger?: { checkedAt: string; faults: number; gaps: number };
}

interface Archived {
  archive: WalArchive;
  timelines: number[];
}

interface Start {
  backupId: string;
  systemIdentifier: string;
  startLsn: string;
}

/** A new timeline, or a database that was initialised anew, is seen by then. */
const lookAgainMs = 60_000;

export class DatabaseReader {
  private archives: Archived[] = [];
  private lookedAt = Number.NEGATIVE_INFINITY;
  private lookedFor?: RepositoryCopy;
  private start?: Start;

  constructor(
    private readonly site: string,
    private readonly component: string,
  ) {}

  /** `heads`: completed backups of it, oldest first. */
  async read(
    repository: Repository,
    copy: RepositoryCopy,
    heads: BackupHead[],
    { samples, now }: { samples: RestoreSample[]; now: Date },
  ): Promise<DatabaseReading> {
    const { component } = this;
    const owner = { system: copy.system, site: this.site, component };
    const lived = await this.livedOn(repository, copy, owner);
    if (!lived) return {};
    const { archive, coverage } = lived;
    const ledger = await LedgerOfArchive.read(archive, opaque(walObjects(repository), owner));
    const { checkedAt, findings } = ledger.view();
    const start = await this.startOf(copy, heads);
    const rto =
      start?.systemIdentifier === archive.systemIdentifier &&
      restoreTime(heads, component, copy.store.name, samples, {
        fromLsn: start.startLsn,
        toLsn: formatLsn(coverage.lsn),
      });
    return {
      rpoSeconds: Math.max(0, (now.getTime() - Number(coverage.serverTime / 1000n)) / 1000),
      ...(rto && { rto }),
      ...(checkedAt !== undefined && {
        ledger: {
          checkedAt,
          faults: findings.filter((one) => isTrouble(one) && !one.acknowledged).length,
          gaps: ledger.knownGaps().filter(({ acknowledged }) => !acknowledged).length,
        },
      }),
    };
  }

  /** Where a restore of the newest backup begins to replay; a manifest that cannot be read tells nothing. */
  private async startOf(copy: RepositoryCopy, heads: BackupHead[]): Promise<Start | undefined> {
    const newest = heads.findLast(({ stores }) => stores.includes(copy.store.name));
    if (newest && this.start?.backupId !== newest.id) {
      const manifest = await getSealedManifest(copy, newest).catch((error: unknown) => {
        if (isHoldfastError(error) && error.retryable) throw error;
        return undefined;
      });
      const facts = manifest?.components[this.component]?.postgres;
      this.start = facts && { backupId: newest.id, systemIdentifier: facts.systemIdentifier, startLsn: facts.startLsn };
    }
    return newest && this.start;
  }

  /** A higher timeline may be that of a restore that was put back, another system the one of before: the latest mark counts. */
  private async livedOn(
    repository: Repository,
    copy: RepositoryCopy,
    owner: WalOwner,
  ): Promise<{ archive: WalArchive; coverage: Coverage } | undefined> {
    if (this.lookedFor !== copy || performance.now() - this.lookedAt > lookAgainMs || this.archives.length === 0) {
      this.archives = await archivesOf(repository, copy, owner);
      [this.lookedFor, this.lookedAt] = [copy, performance.now()];
    }
    let latest: { archive: WalArchive; coverage: Coverage } | undefined;
    for (const { archive, timelines } of this.archives) {
      for (const timeline of timelines) {
        const coverage = await archive.readCoverage(timeline);
        if (!coverage || (latest && latest.coverage.serverTime >= coverage.serverTime)) continue;
        latest = { archive, coverage };
      }
    }
    return latest;
  }
}

async function archivesOf(repository: Repository, copy: RepositoryCopy, owner: WalOwner): Promise<Archived[]> {
  const objects = walObjects(repository);
  const found: Archived[] = [];
  for (const system of await systemsOf(copy.store, objects, owner)) {
    const archive = await WalArchive.open(objects, copy.store, system);
    if (archive) found.push({ archive, timelines: await archive.timelines() });
  }
  return found;
}
