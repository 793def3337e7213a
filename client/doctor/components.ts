/** Can each component be read? */
import { access, constants } from 'node:fs/promises';
import { connectionOf } from '../../components/config-file/open-repository';
import { checkStreamed } from '../../components/postgres/base-backup/check';
import { checkPostgres } from '../../components/postgres/check';
import { withClient } from '../../components/postgres/connection';
import { checkMarking } from '../../components/postgres/restore-point';
import { checkMode } from '../../components/postgres/wal/check-mode';
import type { ComponentConfig, Config, FilesComponent, PostgresComponent } from '../../domain/config/types';
import { checkArchived } from './archived';
import { checkClock } from './clock';
import { type Finding, ok, problem } from './finding';
import { checkFreeSpace } from './free-space';

/** @param slot that the component's shipper has or will have */
export function checkComponent(config: Config, component: ComponentConfig, slot: string): Promise<Finding[]> {
  return component.kind === 'postgres' ? checkDatabase(config, component, slot) : checkFiles(component);
}

async function checkDatabase(whole: Config, component: PostgresComponent, slot: string): Promise<Finding[]> {
  const { dataDir, method, wal } = component;
  const config = await connectionOf(component);
  const shipping = { slot, source: wal.source };
  const { findings, facts } =
    method === 'stream' || dataDir === undefined
      ? await checkStreamed(config, shipping)
      : await checkPostgres(config, dataDir, shipping);
  if (facts === undefined) return findings;
  const mode = await withClient(config, (client) => checkMode(client, component.wal.mode, slot));
  const clock = await checkClock('PostgreSQL', () =>
    withClient(config, async (client) => {
      const { rows } = await client.query<{ now: Date }>('select clock_timestamp() as now');
      return rows[0]?.now ?? new Date();
    }),
  );
  const archived = wal.source === 'command' ? [await checkArchived(whole, component, facts)] : [];
  const more = mode.filter(({ code }) => !findings.some((one) => one.code === code && one.level === 'error'));
  const marks = Object.values(whole.tiers).some(({ type }) => type === 'point')
    ? [await checkMarking(config, wal.source === 'command')]
    : [];
  const space = dataDir === undefined ? [] : [await checkFreeSpace(dataDir)];
  return [...findings, ...more, ...archived, ...marks, ...space, clock];
}

async function checkFiles({ paths }: FilesComponent): Promise<Finding[]> {
  return Promise.all(
    paths.map(async (path) => {
      try {
        await access(path, constants.R_OK);
        return ok('files', `${path} can be read`);
      } catch (error) {
        const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
        const hint = absent ? 'correct the path' : 'run the agent as its owner or as root';
        return problem('source_unreadable', `${path} ${absent ? 'does not exist' : 'cannot be read'}`, hint);
      }
    }),
  );
}
