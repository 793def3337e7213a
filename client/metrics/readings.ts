/** What one reading of one store found: of each component, and of the backups. */
import type { BackupHead } from '../../domain/backup';
import { componentRefs } from '../../domain/config/names';
import type { Config } from '../../domain/config/types';
import type { Measured } from '../../domain/promised';
import type { MaintenanceMark } from '../../domain/schedule/maintenance';
import type { RepositoryCopy } from '../../repository/copy';
import type { Repository } from '../../repository/repository';
import { filesCopy } from '../catalog/files-points';
import { MaintenanceReader } from '../catalog/maintenance';
import { CatalogReader } from './catalog';
import { DatabaseReader, type DatabaseReading } from './database';

export interface StoreReading {
  store: string;
  /** Completed ones, oldest first. */
  backups: BackupHead[];
  /** All that it has, whatever their state. */
  heads: BackupHead[];
  components: (Measured & Pick<DatabaseReading, 'ledger'>)[];
  maintenance: MaintenanceMark[];
}

/** Maintenance comes by the hour. */
const maintenanceEveryMs = 60_000;

/** Keeps what it read before, so that the next reading costs little. */
export class StoreReader {
  private readonly catalog = new CatalogReader();
  private readonly databases = new Map<string, DatabaseReader>();
  private readonly maintenance = new MaintenanceReader();
  private marks: MaintenanceMark[] = [];
  private marksReadAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly config: Config,
    private readonly sites: string[],
  ) {}

  async read(repository: Repository, copy: RepositoryCopy): Promise<StoreReading> {
    const store = copy.store.name;
    const now = await copy.store.clock();
    const heads = await this.catalog.readHeads(copy);
    const backups = heads.filter(({ status }) => status === 'completed');
    const samples = await this.catalog.readSamples(copy);
    const components: StoreReading['components'] = [];
    for (const { site, name, component } of this.sites.flatMap((one) => componentRefs(this.config, one))) {
      const own = backups.filter((head) => head.site === site && head.components[name] !== undefined);
      const one = { site, component: name, store };
      if (component.kind === 'files') {
        const { rpoSeconds, rto } = filesCopy(name, own, store, samples, now) ?? {};
        components.push({ ...one, rpoSeconds, rto });
      } else {
        components.push({ ...one, ...(await this.database(site, name).read(repository, copy, own, { samples, now })) });
      }
    }
    return { store, backups, heads, components, maintenance: await this.readMarks(copy) };
  }

  private async readMarks(copy: RepositoryCopy): Promise<MaintenanceMark[]> {
    if (performance.now() - this.marksReadAt > maintenanceEveryMs) {
      this.marks = await this.maintenance.read(copy, this.sites);
      this.marksReadAt = performance.now();
    }
    return this.marks;
  }

  private database(site: string, component: string): DatabaseReader {
    const key = `${site}/${component}`;
    const reader = this.databases.get(key) ?? new DatabaseReader(site, component);
    this.databases.set(key, reader);
    return reader;
  }
}
