/**
 * Whether the indexes of a component fit together and with what its manifest says: every file whole, every slice of a file that there is.
 * Told run by run, so that memory holds one run and the files that go on in the next.
 */
import type { ComponentSummary } from '../backup';
import type { RunIndex, StoredPack } from '../pack';
import { pathBytes, type StoredSlice, showPath, type TreeEntry, type TreePath } from '../tree';

interface OpenFile {
  entry?: TreeEntry;
  covered: number;
  /** It was cut short while it was read: there is no more of it. */
  ended: boolean;
}

/** Without these no server starts on what is restored. */
const ofEveryDatabase = ['PG_VERSION', 'global/pg_control'];

export class StructureCheck {
  /** What a restore would not bring back right. */
  readonly problems: string[] = [];
  private readonly open = new Map<string, OpenFile>();
  private readonly lacking: Set<string>;
  private readonly seen = { runs: 0, packs: 0, files: 0, bytes: 0, storedBytes: 0 };

  constructor(private readonly summary: ComponentSummary) {
    this.lacking = new Set(summary.kind === 'postgres' ? ofEveryDatabase : []);
  }

  add(index: RunIndex): void {
    if (index.run !== this.seen.runs) this.problems.push(`the index of run ${this.seen.runs} says it is ${index.run}`);
    this.seen.runs += 1;
    for (const entry of index.entries) if (entry.type === 'file') this.addFile(entry);
    for (const pack of index.packs) this.addPack(pack);
    for (const [key, file] of this.open) if (isWhole(file)) this.open.delete(key);
  }

  /** To be asked after the last run: what is only counted otherwise. */
  end(): string[] {
    for (const { entry, covered } of this.open.values()) {
      this.problems.push(
        entry
          ? `"${showPath(entry.path)}" has ${entry.size} bytes, of which ${covered} are stored`
          : 'bytes are stored of a file that is none of the backup',
      );
    }
    for (const path of this.lacking) this.problems.push(`"${path}" is missing`);
    this.lacking.clear();
    this.open.clear();
    return (['runs', 'packs', 'files', 'bytes', 'storedBytes'] as const)
      .filter((amount) => this.seen[amount] !== this.summary[amount])
      .map((amount) => `the manifest counts ${this.summary[amount]} ${amount}, its indexes ${this.seen[amount]}`);
  }

  private addFile(entry: TreeEntry): void {
    this.seen.files += 1;
    if (entry.root === 'data' && typeof entry.path === 'string') this.lacking.delete(entry.path);
    this.file(entry.root, entry.path).entry = entry;
  }

  private addPack({ pack, bytes, storedBytes, slices }: StoredPack): void {
    this.seen.packs += 1;
    this.seen.bytes += bytes;
    this.seen.storedBytes += storedBytes;
    let at = 0;
    for (const slice of slices) {
      if (slice.at !== at) this.problems.push(`the slices of pack ${pack} do not follow one another`);
      at += slice.length;
      this.addSlice(slice);
    }
    if (at !== bytes) this.problems.push(`pack ${pack} has ${bytes} bytes, its slices ${at}`);
  }

  private addSlice({ root, path, length, span, outcome }: StoredSlice): void {
    const file = this.file(root, path);
    file.covered += span ?? length;
    file.ended ||= outcome === 'shrunk' || outcome === 'vanished';
  }

  private file(root: string, path: TreePath): OpenFile {
    const key = `${root}\0${pathBytes(path).toString('latin1')}`;
    const found = this.open.get(key) ?? { covered: 0, ended: false };
    this.open.set(key, found);
    return found;
  }
}

/** Of one that inherits the rest lies in the backups before; of a sparse one the holes are not stored. */
function isWhole({ entry, covered, ended }: OpenFile): boolean {
  if (entry === undefined) return false;
  const { size, inherits, extents } = entry;
  const stored = extents ? extents.reduce((sum, one) => sum + one.length, 0) : size;
  return inherits === true || ended || covered >= stored;
}
