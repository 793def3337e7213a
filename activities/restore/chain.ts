/**
 * Placing a backup that builds upon others: before the first pack it is decided, for every stored slice of the chain, which of its bytes are
 * placed, so that each byte of a file comes from exactly one slice. The decision lies in the work folder; making it again gives the same.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { SealedManifest } from '../../domain/backup';
import { chainPlacing, type RunPlacing } from '../../domain/chain-placing';
import type { RepositoryCopy } from '../../repository/copy';
import { chainState } from '../backup/changes';
import { chainManifests } from '../backup/parent';

export async function decidePlacing(
  copy: RepositoryCopy,
  manifest: SealedManifest,
  component: string,
  workDir: string,
): Promise<void> {
  if (manifest.chain === undefined) return;
  const manifests = [...(await chainManifests(copy, manifest.chain)), manifest];
  const state = await chainState(copy, manifests, component);
  for (const [link, runs] of chainPlacing(state.all())) {
    mkdirSync(folderOf(workDir, link), { recursive: true });
    for (const [run, placing] of runs) writeFileSync(fileOf(workDir, link, run), JSON.stringify(placing));
  }
}

/** What is placed of a run of an older backup of the chain; empty: nothing counts any more. */
export function placingOf(workDir: string, link: number, run: number): RunPlacing {
  const file = fileOf(workDir, link, run);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as RunPlacing) : {};
}

function folderOf(workDir: string, link: number): string {
  return path.join(workDir, 'chain', String(link));
}

function fileOf(workDir: string, link: number, run: number): string {
  return path.join(folderOf(workDir, link), `${run}.json`);
}
