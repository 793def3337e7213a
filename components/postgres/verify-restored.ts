/** Lets PostgreSQL's own `pg_verifybackup` judge a placed backup against its manifest, before anything is replayed. */
import { HoldfastError } from '../../domain/errors';
import { type Owner, runAs } from './owner';
import type { ServerTools } from './tools';

/**
 * @returns what the tool said; undefined when this installation has no such tool
 * @throws HoldfastError `validation_failed` with the first of its complaints
 */
export async function verifyRestored(
  tools: ServerTools,
  owner: Owner,
  dataDir: string,
  options: { signal?: AbortSignal } = {},
): Promise<string | undefined> {
  const program = tools.find('pg_verifybackup');
  if (!program) return undefined;
  const { code, stdout, stderr } = await runAs(owner, program, [dataDir], { signal: options.signal });
  if (code === 0) return stdout.trim();
  const complaints = stderr
    .trim()
    .split('\n')
    .slice(0, 5)
    .map((line) => line.replace(/^pg_verifybackup: (error: )?/, ''));
  throw new HoldfastError('validation_failed', `pg_verifybackup refuses the restored files: ${complaints.join('; ')}`, {
    where: dataDir,
  });
}
