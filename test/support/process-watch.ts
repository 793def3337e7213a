/** Looks again and again at what every user of a host can see of its processes, and at what servers are told in their environment. */
import { readdirSync, readFileSync } from 'node:fs';

const everyMs = 100;
/** Programs that must get to know no secret of ours; Holdfast itself and the S3 server have theirs from whoever starts them. */
const strangers = /^(postgres|pg_|temporal|sh$|bash$|env$)/;

export class ProcessWatch {
  readonly arguments = new Set<string>();
  readonly environments = new Set<string>();
  private readonly timer = setInterval(() => this.look(), everyMs);

  look(): void {
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      this.arguments.add(contents(`/proc/${pid}/cmdline`));
      if (strangers.test(contents(`/proc/${pid}/comm`)))
        this.environments.add(`${contents(`/proc/${pid}/comm`).trim()}: ${contents(`/proc/${pid}/environ`)}`);
    }
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

/** Empty when the process ended meanwhile or is nobody's business. */
function contents(file: string): string {
  try {
    return readFileSync(file, 'latin1').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
