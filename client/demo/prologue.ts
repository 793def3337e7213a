/** Before the wreck: the database, the engine, the contents, the backup. */
import path from 'node:path';
import { formatBytes } from '../../domain/config/units';
import type { ProcedureResult } from '../../domain/progress';
import { openBank } from './bank';
import { Engine } from './engine';
import { Commands } from './holdfast';
import type { Narrator } from './narrator';
import type { Performance, Setting } from './performance';
import { occupied } from './procedure-watch';
import { s3Store } from './s3-server';
import { dirStore, makeFolder, type Stage, setStage } from './stage';

export interface Prepared {
  on: Performance;
  /** How many documents the bank has. */
  documents: number;
}

export async function setUp({ options, narrator, tidy, signal }: Setting): Promise<Prepared> {
  const folder = makeFolder();
  tidy.owns(folder);
  narrator.line(`everything lies in ${folder}`);
  const store = options.s3 ? await s3Store(folder) : dirStore(folder);
  const stage = await setStage(folder, store, signal);
  const { tools, owner } = stage.cluster;
  narrator.line(`PostgreSQL ${tools.version} runs${owner.user ? ` as the user ${owner.user}` : ''}`);
  const documents = await fill(stage, narrator, options.size.fillMiB);
  const commands = new Commands(stage, signal);
  const engine = await Engine.start(stage, commands);
  narrator.line(`holdfast up (pid ${engine.pid}): from now on the WAL goes into the store as it is written`);
  narrator.more(`look on in the Web UI:  ${engine.answer.ui}`);
  return { on: { stage, commands, engine, narrator, tidy, signal }, documents };
}

/** @returns how many documents the bank has */
async function fill({ cluster }: Stage, narrator: Narrator, fillMiB: number): Promise<number> {
  const documents = await openBank(cluster, fillMiB);
  narrator.line(`a bank with a database of ${formatBytes(occupied(path.join(cluster.dataDir, 'base')))}`);
  return documents;
}

export async function backUp({ commands, narrator }: Performance): Promise<void> {
  narrator.line('holdfast backup, while clients transfer money');
  const made = await commands.must<ProcedureResult>('backup');
  const { backupId, bytes = 0, storedBytes = 0, seconds } = made;
  const sizes = `${formatBytes(bytes)} as ${formatBytes(storedBytes)}`;
  narrator.line(`${backupId}: ${sizes}, stored and verified in ${seconds.toFixed(1)} s`);
}
