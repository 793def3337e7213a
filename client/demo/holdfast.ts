/**
 * The command line as its users run it: a process each, output in files, so that a command outlives the demo (`--keep`) and
 * never waits for it. In a session of its own: Ctrl-C reaches the demo alone, which ends its children itself.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../../domain/errors';
import type { Stage } from './stage';

const program = path.join(__dirname, '..', 'main.js');

export interface CommandEnd {
  /** Null when a signal ended it. */
  code: number | null;
  /** The JSON document of stdout; undefined when there is none. */
  json: unknown;
  stderr: string;
}

export class Commands {
  private count = 0;

  constructor(
    private readonly stage: Stage,
    private readonly signal: AbortSignal,
  ) {}

  start(...args: string[]): RunningCommand {
    this.signal.throwIfAborted();
    const base = path.join(this.stage.folder, `${String(++this.count).padStart(2, '0')}-${args[0]}`);
    const [out, err] = [openSync(`${base}.out`, 'a'), openSync(`${base}.err`, 'a')];
    const child = spawn(process.execPath, [program, ...args, '--json'], {
      cwd: this.stage.folder,
      env: this.stage.env,
      detached: true,
      stdio: ['ignore', out, err],
    });
    for (const one of [out, err]) closeSync(one);
    return new RunningCommand(child, base);
  }

  async run(...args: string[]): Promise<CommandEnd> {
    return this.start(...args).end;
  }

  /** As {@link run}, for what the story cannot go on without. @throws HoldfastError with what the command said */
  async must<T>(...args: string[]): Promise<T> {
    const { code, json, stderr } = await this.run(...args);
    if (code === 0) return json as T;
    const hints = [complaint(json) ?? stderr.trim().split('\n').slice(-5).join('\n')];
    throw new HoldfastError('internal', `holdfast ${args.join(' ')} ended with ${code}`, { hints });
  }
}

export class RunningCommand {
  readonly end: Promise<CommandEnd>;

  constructor(
    private readonly child: ChildProcess,
    private readonly base: string,
  ) {
    this.end = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, json: parsed(this.stdout), stderr: this.stderr }));
    });
    // Whoever needs the end waits for it; nobody may.
    this.end.catch(() => undefined);
  }

  get pid(): number {
    return this.child.pid as number;
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Its first line on stdout, when a command goes on after its answer. @throws HoldfastError when it ends before */
  async firstAnswer<T>(): Promise<T> {
    while (!this.stdout.includes('\n') && !this.ended) await sleep(50);
    const answer = parsed(this.stdout.split('\n')[0] as string);
    const wrong = complaint(answer) ?? (answer === undefined ? this.stderr.trim() : undefined);
    if (wrong === undefined) return answer as T;
    throw new HoldfastError('engine_unavailable', 'the engine did not start', { hints: [wrong] });
  }

  private get stdout(): string {
    return readFileSync(`${this.base}.out`, 'utf8');
  }

  private get stderr(): string {
    return readFileSync(`${this.base}.err`, 'utf8');
  }
}

/** What a failed command's document says is wrong. */
export function complaint(json: unknown): string | undefined {
  const error = (json as { error?: { message?: string; hints?: string[] } } | undefined)?.error;
  return error?.message === undefined ? undefined : [error.message, ...(error.hints ?? [])].join('\n');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
