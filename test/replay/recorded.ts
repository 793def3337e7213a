/** The recorded histories: `histories/<workflow type>/<reason>.json`, ProtoJSON as Temporal's own tools write and read it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../project/tree';

const folder = path.join(root, 'test/replay/histories');

export interface Recorded {
  type: string;
  reason: string;
}

export function recordedHistories(): Recorded[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((type) =>
    readdirSync(path.join(folder, type)).map((name) => ({ type, reason: path.basename(name, '.json') })),
  );
}

/** The text of one. */
export function readHistory({ type, reason }: Recorded): string {
  return readFileSync(fileOf({ type, reason }), 'utf8');
}

/** One event a line, so that a changed workflow shows as changed lines. */
export function writeHistory(recorded: Recorded, { events }: { events: unknown[] }): void {
  mkdirSync(path.dirname(fileOf(recorded)), { recursive: true });
  const lines = events.map((event) => JSON.stringify(event)).join(',\n');
  writeFileSync(fileOf(recorded), `{"events":[\n${lines}\n]}\n`);
}

export function removeHistories(except: Recorded[]): void {
  const kept = except.map(fileOf);
  for (const one of recordedHistories().map(fileOf)) if (!kept.includes(one)) rmSync(one);
}

function fileOf({ type, reason }: Recorded): string {
  return path.join(folder, type, `${reason}.json`);
}
