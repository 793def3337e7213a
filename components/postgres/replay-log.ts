/** Reads what a replaying server says of itself in its log, and tells its reasons to stop apart. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type ErrorCode, HoldfastError } from '../../domain/errors';

/** The lines that were added to a log since the last look. */
export class LogTail {
  private rest = '';

  constructor(
    private readonly file: string,
    private position = sizeOf(file),
  ) {}

  read(): string[] {
    const fd = open(this.file);
    if (fd === undefined) return [];
    try {
      const buffer = Buffer.alloc(Math.max(0, fstatSync(fd).size - this.position));
      this.position += readSync(fd, buffer, 0, buffer.length, this.position);
      const lines = (this.rest + buffer.toString('utf8')).split('\n');
      this.rest = lines.pop() ?? '';
      return lines;
    } finally {
      closeSync(fd);
    }
  }
}

function open(file: string): number | undefined {
  try {
    return openSync(file, 'r');
  } catch {
    return undefined;
  }
}

function sizeOf(file: string): number {
  const fd = open(file);
  if (fd === undefined) return 0;
  try {
    return fstatSync(fd).size;
  } finally {
    closeSync(fd);
  }
}

/** How far replay has come, from one line; undefined when the line does not say. */
export function progressIn(line: string): { lsn?: string; segment?: string } | undefined {
  const lsn =
    /redo in progress.*current LSN: ([0-9A-F]+\/[0-9A-F]+)|redo (?:starts|done) at ([0-9A-F]+\/[0-9A-F]+)/.exec(line);
  if (lsn) return { lsn: lsn[1] ?? lsn[2] };
  const segment = /restored log file "([0-9A-F]{24})" from archive/.exec(line);
  return segment ? { segment: segment[1] } : undefined;
}

/** The server's clock at the last commit that was replayed, RFC 3339 UTC; the log must be in UTC. */
export function lastCommitIn(line: string): string | undefined {
  const match = /last completed transaction was at log time (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)\+00/.exec(
    line,
  );
  return match ? `${match[1]}T${match[2]}Z` : undefined;
}

const reasons: [RegExp, ErrorCode, string][] = [
  [
    /recovery ended before configured recovery target was reached/,
    'log_apply_failed',
    'give a target that the stored WAL reaches',
  ],
  [
    /requested recovery stop point is before consistent recovery point/,
    'log_apply_failed',
    'take a backup that ends before the target',
  ],
  [
    /requested timeline \d+/,
    'timeline_unreachable',
    'take a backup of that timeline, or one of its ancestors before the fork',
  ],
  [
    /WAL ends before (end of online backup|consistent recovery point)/,
    'log_apply_failed',
    'the WAL of the backup is incomplete',
  ],
  [
    /could not locate (a valid checkpoint|required checkpoint) record/,
    'log_apply_failed',
    'the WAL of the backup is incomplete',
  ],
  [
    /WAL contains references to invalid pages|invalid record|incorrect resource manager|xlog redo/,
    'log_apply_failed',
    'restore an older backup',
  ],
  [/WAL was generated with "?wal_level=minimal/, 'log_apply_failed', 'take a target before wal_level was lowered'],
  [
    /could not restore file ".*" from archive/,
    'log_apply_failed',
    'see that the target has room for a segment of WAL, then run the restore again',
  ],
  [/No space left on device/, 'target_full', 'free space on the target, then run the restore again'],
  [
    /was initialized by PostgreSQL version|database files are incompatible with server/,
    'wrong_version',
    'use server programs that fit the backup',
  ],
  [/WAL file is from different database system/, 'wrong_system', 'the spool holds WAL of another cluster'],
  [/lock file .* already exists/, 'target_in_use', 'another server runs on this data directory'],
  [
    /could not access file ".*": No such file/,
    'database_restore_failed',
    'install the library that the server preloads',
  ],
];

const passing = [
  /pre-existing shared memory block/, // the children of a killed server still hold it
  /lock file "postmaster.pid" already exists/, // a server that another attempt started just before us
  /maximum number of prepared transactions reached/, // raised on the source meanwhile; pg_control knows by now
  /startup process .* was terminated by signal 9/, // somebody's doing, the kernel's for instance
];

/** Whether the same start may succeed a moment later. */
export function isPassing(lines: string[]): boolean {
  return lines.some((line) => passing.some((pattern) => pattern.test(line)));
}

/** A server that ends by itself, or is told to end, says so; one that is killed has no time to. */
export function endedSilently(lines: string[]): boolean {
  return !lines.some((line) => /(FATAL|PANIC): |shutdown request|shutting down/.test(line));
}

/** Why the server ended, by its last words. */
export function failureIn(lines: string[]): HoldfastError {
  const fatal = lines.findLastIndex((line) => /(FATAL|PANIC): /.test(line) && !/terminating|shutting down/.test(line));
  const words =
    fatal < 0
      ? lines.slice(-5)
      : lines.slice(fatal).filter((line, at) => at === 0 || /(DETAIL|HINT|CONTEXT): /.test(line));
  const said = words
    .slice(0, 4)
    .map((line) => line.replace(/^.*?\b(FATAL|PANIC|DETAIL|HINT|CONTEXT|LOG|ERROR): +/, ''));
  const text = lines.slice(Math.max(0, fatal)).join('\n');
  const [, code, hint] = reasons.find(([pattern]) => pattern.test(text)) ?? [
    undefined,
    'database_restore_failed',
    undefined,
  ];
  return new HoldfastError(code as ErrorCode, `PostgreSQL stopped: ${said.join('; ') || 'without a word'}`, {
    hints: hint ? [hint] : [],
  });
}
