/**
 * The local journal of placed packs, beside the target: a restore that was killed does not fetch again what it has placed.
 *
 * Guaranteed: many processes may append at once (one line, one write); a line torn by a kill is passed over; what a machine
 * placed before it went down counts only if it had been synced by then, since the bytes themselves may be lost.
 * Not guaranteed: that a placed pack is recorded. It is placed again then, with the same end.
 *
 * Lines: `placed <boot id> <pack> <content mac>` and `synced <boot id> <length of the journal when the sync began>`.
 */
import fs from 'node:fs';
import { bootId } from './boot';
import { errorCode } from './native';
import { placing } from './placing-error';

export class PlacingJournal {
  private readonly packs: Map<number, string>;
  private readonly boot: string;

  private constructor(
    private readonly fd: number,
    private readonly file: string,
    boot: string,
  ) {
    this.boot = boot;
    this.packs = trusted(fs.readFileSync(file, 'latin1'), boot);
  }

  /**
   * Opens or makes it.
   * @param file one for each restore and component: packs of another backup have the same numbers
   * @param boot for tests
   */
  static open(file: string, boot: string = bootId()): PlacingJournal {
    return placing(file, () => {
      const fd = fs.openSync(file, 'a', 0o600);
      const journal = new PlacingJournal(fd, file, boot);
      // Whatever a kill left unfinished ends here; an empty line means nothing.
      fs.writeSync(fd, '\n');
      return journal;
    });
  }

  /** Whether the pack with these contents was placed, by anyone, when the journal was opened or here since. */
  has(pack: number, contentMac: string): boolean {
    return this.packs.get(pack) === contentMac;
  }

  /** To be called after the last byte of the pack was written. */
  record(pack: number, contentMac: string): void {
    placing(this.file, () => fs.writeSync(this.fd, `placed ${this.boot} ${pack} ${contentMac}\n`));
    this.packs.set(pack, contentMac);
  }

  /** Runs a sync of everything placed, and records what it covered: packs placed meanwhile are not. */
  async synced(sync: () => Promise<void>): Promise<void> {
    const { size } = fs.fstatSync(this.fd);
    await sync();
    fs.fsyncSync(this.fd);
    placing(this.file, () => fs.writeSync(this.fd, `synced ${this.boot} ${size}\n`));
    fs.fsyncSync(this.fd);
  }

  close(): void {
    fs.closeSync(this.fd);
  }
}

/** Removes it; its absence is no error. */
export function removeJournal(file: string): void {
  try {
    fs.unlinkSync(file);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

interface Line {
  at: number;
  words: string[];
}

function trusted(text: string, boot: string): Map<number, string> {
  const lines = linesOf(text);
  const synced = new Map<string, number>();
  for (const { words } of lines) {
    const [kind, where, length] = words;
    if (kind !== 'synced' || where === undefined || words.length !== 3) continue;
    synced.set(where, Math.max(synced.get(where) ?? 0, Number(length)));
  }
  const packs = new Map<number, string>();
  for (const { at, words } of lines) {
    const [kind, where, pack, mac] = words;
    if (kind !== 'placed' || where === undefined || mac === undefined || words.length !== 4) continue;
    if (where === boot || at < (synced.get(where) ?? 0)) packs.set(Number(pack), mac);
  }
  return packs;
}

/** Whole lines only: what follows the last line feed was torn. */
function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  let at = 0;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
    if (end > at) lines.push({ at, words: text.slice(at, end).split(' ') });
    at = end + 1;
  }
  return lines;
}
