/** Where the trees of a component lie on this host, and what is in them. */
import { realpathSync } from 'node:fs';
import type { SourceTrees } from '../../components/component';
import { openFilesSource, sourceDirs } from '../../components/files/source';
import { sourceRoots } from '../../components/postgres/plan';
import { openPostgresSource } from '../../components/postgres/source';
import { type RootDirs, rootDirs } from '../../components/tree/read';
import { componentOf, dataDirOf } from '../../domain/config/names';
import { HoldfastError } from '../../domain/errors';
import type { SiteContext } from '../context';
import type { SnapshotRecord } from './snapshot';

export async function sourceOf(context: SiteContext, component: string, record: SnapshotRecord): Promise<SourceTrees> {
  const configured = componentOf(context.config, context.site, component);
  if (configured.kind === 'files') return openFilesSource(configured.paths);
  const { server, start } = sessionOf(record);
  return openPostgresSource(dataDirOf(context.config, context.site, component), server, start.startLsn);
}

/** Only where they lie: without a look at what is in them. */
export function sourceDirsOf(context: SiteContext, component: string, record: SnapshotRecord): RootDirs {
  const configured = componentOf(context.config, context.site, component);
  if (configured.kind === 'files') return sourceDirs(configured.paths);
  const dataDir = realpathSync(dataDirOf(context.config, context.site, component));
  return rootDirs(sourceRoots({ dataDir, tablespaces: sessionOf(record).server.tablespaces }));
}

function sessionOf({ postgres }: SnapshotRecord): NonNullable<SnapshotRecord['postgres']> {
  if (postgres) return postgres;
  throw new HoldfastError('internal', 'the snapshot of a database has no session');
}
