import { Context } from '@temporalio/activity';

/** A progress callback that heartbeats for the activity in which it was made, wherever it is called from. */
export function beating(): (details: unknown) => void {
  const activity = Context.current();
  return (details) => activity.heartbeat(plain(details));
}

/** Heartbeat details are JSON: positions in the WAL are bigints. */
function plain(details: unknown): unknown {
  return JSON.parse(
    JSON.stringify(details, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)) ?? 'null',
  );
}
