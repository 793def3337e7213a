/** The demo's folder: database, configuration tree, store, `holdfast.yaml`, key, state, and nothing outside of it. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { Cluster, openToAll } from './cluster';
import { makeTree } from './tree';

export const system = 'bank';
export const site = 'dc01';

export interface Stage {
  folder: string;
  cluster: Cluster;
  /** The tree of configuration. */
  tree: string;
  configFile: string;
  /** Of every command of ours. */
  env: NodeJS.ProcessEnv;
}

/** A store of the configuration, and what its secrets are called in the environment. */
export interface StoreChoice {
  config: object;
  env: NodeJS.ProcessEnv;
}

const folderPrefix = 'holdfast-demo-';

export function isDemoFolder(folder: string): boolean {
  return path.basename(folder).startsWith(folderPrefix) && existsSync(path.join(folder, 'holdfast.yaml'));
}

/** Nothing lies in it yet. */
export function makeFolder(): string {
  const folder = mkdtempSync(path.join(realpathSync(tmpdir()), folderPrefix));
  openToAll(folder);
  mkdirSync(path.join(folder, 'tmp'));
  return folder;
}

export async function setStage(folder: string, store: StoreChoice, signal: AbortSignal): Promise<Stage> {
  const cluster = await Cluster.create(path.join(folder, 'postgresql'), signal);
  const tree = path.join(folder, 'etc');
  makeTree(tree);
  const keyFile = path.join(folder, 'master.key');
  writeFileSync(keyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  const configFile = path.join(folder, 'holdfast.yaml');
  const components = {
    database: { kind: 'postgres', connection: cluster.conninfo, dataDir: cluster.dataDir },
    config: { kind: 'files', paths: [tree] },
  };
  const config = {
    system,
    sites: { [site]: { components } },
    stores: { hot: store.config },
    encryption: { keyFile },
    objectives: { rpo: '5s', rto: '5m' },
  };
  writeFileSync(configFile, stringify(config));
  return { folder, cluster, tree, configFile, env: environment(folder, configFile, store.env) };
}

export function dirStore(folder: string): StoreChoice {
  return { config: { kind: 'dir', path: path.join(folder, 'store') }, env: {} };
}

/** Nothing of the caller's own settings reaches the commands: the demo is the same everywhere. */
function environment(folder: string, configFile: string, secrets: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const passed = ['PATH', 'LANG', 'LD_LIBRARY_PATH', 'PG_BINDIR', 'HOLDFAST_PG_BINDIRS', 'HOLDFAST_TEMPORAL_CLI'];
  return {
    ...Object.fromEntries(passed.map((name) => [name, process.env[name]])),
    HOME: folder,
    TMPDIR: path.join(folder, 'tmp'),
    XDG_STATE_HOME: path.join(folder, 'state'),
    HOLDFAST_CONFIG: configFile,
    ...secrets,
  };
}

/** Of the embedded engine. */
export function stateFile({ folder }: Pick<Stage, 'folder'>, name: string): string {
  return path.join(folder, 'state', 'holdfast', system, name);
}

/** The process that is the worker now. */
export function workerPid(stage: Pick<Stage, 'folder'>): number | undefined {
  try {
    return (JSON.parse(readFileSync(stateFile(stage, 'workers.json'), 'utf8')) as { pid: number }).pid;
  } catch {
    return undefined;
  }
}
