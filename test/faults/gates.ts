/**
 * Gates before the requests of a process to its stores: one that matches a closed gate waits until it is opened, and then goes out as it was. Nothing times out
 * meanwhile, since the store was not asked yet.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** `store method key`, as `hot get backups/x/packs/y`; several keys one after the other. */
export type Request = string;

export class Gates {
  private count = 0;

  constructor(readonly folder: string) {
    for (const name of ['closed', 'reached']) mkdirSync(path.join(folder, name), { recursive: true });
  }

  openAll(): void {
    rmSync(path.join(this.folder, 'closed'), { recursive: true, force: true });
  }

  close(form: RegExp): Gate {
    return new Gate(this.folder, String(++this.count), form);
  }
}

export class Gate {
  constructor(
    private readonly folder: string,
    private readonly name: string,
    readonly form: RegExp,
  ) {
    writeFileSync(path.join(folder, 'closed', name), form.source);
  }

  /** Until somebody waits before it. */
  async reached(withinMs = 150_000): Promise<void> {
    for (const deadline = Date.now() + withinMs; !existsSync(this.mark); await sleep(50))
      if (Date.now() > deadline) throw new Error(`nobody came to the gate ${this.form.source}`);
  }

  open(): void {
    rmSync(path.join(this.folder, 'closed', this.name), { force: true });
  }

  private get mark(): string {
    return path.join(this.folder, 'reached', this.name);
  }
}

/** For the process that asks. */
export async function pass(folder: string, request: Request): Promise<void> {
  const closed = path.join(folder, 'closed');
  for (const name of existsSync(closed) ? readdirSync(closed) : []) {
    const file = path.join(folder, 'closed', name);
    if (!matches(file, request)) continue;
    writeFileSync(path.join(folder, 'reached', name), request);
    while (existsSync(file)) await sleep(20);
  }
}

function matches(file: string, request: Request): boolean {
  try {
    return new RegExp(readFileSync(file, 'utf8')).test(request);
  } catch {
    return false; // opened meanwhile
  }
}
