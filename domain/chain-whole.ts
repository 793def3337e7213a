/** Whether a chain of backups holds every byte of every file: what is in none of them a restore would leave empty. */
import { before, type Extent, union, without } from './blocks';
import type { ChainFile } from './chain-state';
import { showPath } from './tree';

/** Stretches of the file that no backup of the chain holds. */
export function lackingOf({ entry, size, sources }: ChainFile): Extent[] {
  const wanted = before(entry.extents ?? [{ offset: 0, length: size }], size);
  const held = union(
    sources.flatMap(({ extents }) => extents),
    [],
  );
  return without(wanted, held);
}

/** A line for each file that lacks something. */
export function* lackingFiles(files: Iterable<ChainFile>): Generator<string> {
  for (const file of files) {
    const [first] = lackingOf(file);
    if (first === undefined) continue;
    const { offset, length } = first;
    yield `"${showPath(file.entry.path)}": no backup of the chain holds its ${length} bytes from ${offset} on`;
  }
}
