/**
 * After a restore in place its timeline is the one that is lived on, from the moment that the new data serves: also when nobody ships WAL yet,
 * and when the database is started only tomorrow. Without a mark of its own the branch that was left would still be taken for the present one,
 * and the next `restore latest` would bring back what this one undid.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { log } from '@temporalio/activity';
import { readControlFile } from '../../components/postgres/pg-control';
import { historyName } from '../../domain/lsn';
import { parseHistory } from '../../domain/timeline';
import type { SiteContext } from '../context';
import type { RestoreComponent, RestoreJob } from '../contracts';
import { openArchives } from '../wal/archives';

/** A store that is away learns it from the shipper's first mark. */
export async function liveOn(context: SiteContext, { components, inPlace, request }: RestoreJob): Promise<void> {
  if (!inPlace || request.placeOnly) return;
  for (const component of components.filter(({ kind }) => kind === 'postgres')) {
    await markBeginning(context, component).catch((error: unknown) =>
      log.warn(`${component.name}: the beginning of its timeline could not be marked; shipping will mark it`, {
        error,
      }),
    );
  }
}

/** The server wrote the history when it was promoted: nobody had been let in by then, so that no commit lies behind the fork. */
async function markBeginning(context: SiteContext, { target }: RestoreComponent): Promise<void> {
  const { systemIdentifier, timeline } = readControlFile(target);
  const file = path.join(target, 'pg_wal', historyName(timeline));
  if (!existsSync(file)) return;
  const serverTime = BigInt(Math.trunc(statSync(file).mtimeMs)) * 1000n;
  const lsn = parseHistory(timeline, readFileSync(file, 'utf8')).at(-1)?.from ?? 0n;
  for (const archive of await openArchives(context, systemIdentifier)) {
    // The shipper knows more by now where it has marked it.
    if ((await archive.readCoverage(timeline)) !== undefined) continue;
    await archive.writeCoverage(timeline, { lsn, serverTime, since: serverTime });
  }
}
