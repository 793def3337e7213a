/** A service whose whole life is a few files: whether it runs, and everything that was ever asked of it. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export class FileService {
  private readonly runs: string;
  private readonly calls: string;

  constructor(folder: string, name: string) {
    this.runs = path.join(folder, `${name}.runs`);
    this.calls = path.join(folder, `${name}.calls`);
  }

  get config(): { control: 'command'; start: string; stop: string; state: string } {
    const { runs, calls } = this;
    return {
      control: 'command',
      start: `echo start >> ${calls}; touch ${runs}`,
      stop: `echo stop >> ${calls}; rm -f ${runs}`,
      state: `test -e ${runs} || exit 3`,
    };
  }

  get running(): boolean {
    return existsSync(this.runs);
  }

  /** Starts it without being asked through its commands, and forgets what was asked before. */
  set(running: boolean): void {
    rmSync(this.calls, { force: true });
    if (running) writeFileSync(this.runs, '');
    else rmSync(this.runs, { force: true });
  }

  get asked(): string[] {
    return existsSync(this.calls) ? readFileSync(this.calls, 'utf8').trim().split('\n') : [];
  }
}
