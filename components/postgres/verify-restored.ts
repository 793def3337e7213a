/** Lets PostgreSQL's own `pg_verifybackup` judge a placed backup against its manifest, before anything is replayed. */
import { HoldfastError } from '../../domain/errors';
import { type Owner, runAs } from './owner';
import type { ServerTools } from './tools';

export interface Judgement {
  /** Why there is none: no such tool, or one that does not run. */
  unable?: string;
  said: string;
  complaints: string[];
}

/** @param withWal whether the backup's own WAL lies in `pg_wal` as a whole */
export async function judgeFiles(
  tools: ServerTools,
  owner: Owner,
  dataDir: string,
  { withWal = true, signal }: { withWal?: boolean; signal?: AbortSignal } = {},
): Promise<Judgement> {
  const program = tools.find('pg_verifybackup');
  if (!program) return { unable: `PostgreSQL ${tools.major} lacks pg_verifybackup here`, said: '', complaints: [] };
  const { code, stdout, stderr } = await runAs(owner, program, [...(withWal ? [] : ['-n']), dataDir], { signal });
  // Ended by a signal: packages of it are known that crash.
  if (code < 0) return { unable: 'pg_verifybackup crashed', said: '', complaints: [] };
  const complaints = code === 0 ? [] : stderr.trim().split('\n').map(withoutPrefix);
  return { said: stdout.trim(), complaints };
}

function withoutPrefix(line: string): string {
  return line.replace(/^pg_verifybackup: (error: )?/, '');
}

/**
 * @returns what the tool said; undefined when it cannot be asked here
 * @throws HoldfastError `validation_failed` with the first of its complaints
 */
export async function verifyRestored(
  tools: ServerTools,
  owner: Owner,
  dataDir: string,
  options: { signal?: AbortSignal } = {},
): Promise<string | undefined> {
  const { unable, said, complaints } = await judgeFiles(tools, owner, dataDir, options);
  if (unable !== undefined) return undefined;
  if (complaints.length === 0) return said;
  throw refusedFiles(dataDir, complaints);
}

export function refusedFiles(dataDir: string, complaints: string[]): HoldfastError {
  const first = complaints.slice(0, 5).join('; ');
  return new HoldfastError('validation_failed', `pg_verifybackup refuses the restored files: ${first}`, {
    where: dataDir,
  });
}
