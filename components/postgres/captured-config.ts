/**
 * Configuration that lay outside the source's data directory. In place, what is missing is put back at its path; what is there
 * is never overwritten. Otherwise, and where it differs, a copy goes into `<data directory>.config`, for a person to look at.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { PostgresFacts } from '../../domain/backup';
import { giveTo, type Owner } from './owner';

/** @returns one sentence for each thing that an operator should know */
export function restoreCapturedConfig({
  dataDir,
  owner,
  facts,
  inPlace,
}: {
  dataDir: string;
  owner: Owner;
  facts: Pick<PostgresFacts, 'configFiles'>;
  inPlace: boolean;
}): string[] {
  const notes: string[] = [];
  const beside = `${path.resolve(dataDir)}.config`;
  for (const { path: original, contents } of facts.configFiles) {
    if (inPlace && !existsSync(original)) {
      write(original, contents, owner);
      notes.push(`${original} was missing and is put back`);
    } else if (!inPlace || contentsOf(original) !== contents) {
      const copy = path.join(beside, original);
      write(copy, contents, owner);
      notes.push(
        inPlace
          ? `${original} differs from the backup's, which is in ${copy}`
          : `${original} of the source is in ${copy}`,
      );
    }
  }
  return notes;
}

function contentsOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function write(file: string, contents: string, owner: Owner): void {
  const made = mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 });
  if (made) giveTo(owner, made);
  writeFileSync(file, contents, { mode: 0o640 });
  giveTo(owner, file);
}
