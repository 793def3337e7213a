/** Whether a server pushes its WAL to us by itself. What arrives is judged by the stores, never by what the archiver says of itself. */
import type pg from 'pg';
import { error, type Finding, ok, warning } from './finding';

interface Settings {
  archive_mode: string;
  archive_command: string | null;
  archive_library: string | null;
  archive_timeout: string;
}

const settings = `
  select current_setting('archive_mode') as archive_mode, current_setting('archive_command', true) as archive_command,
    current_setting('archive_library', true) as archive_library, current_setting('archive_timeout') as archive_timeout`;

/** @param slot that a receiver of ours used before: nobody reads it any more */
export async function archiverFindings(client: pg.Client, slot: string | undefined): Promise<Finding[]> {
  const { rows } = await client.query<Settings>(settings);
  const { rows: slots } = await client.query('select from pg_replication_slots where slot_name = $1', [slot ?? '']);
  const [found] = rows;
  if (found === undefined) return [];
  return [...(slots.length > 0 ? [leftSlot(slot ?? '')] : []), modeOf(found), commandOf(found), timeoutOf(found)];
}

function modeOf({ archive_mode: mode }: Settings): Finding {
  return mode === 'off'
    ? error('archive_mode', 'archive_mode is off: no WAL is pushed', 'alter system set archive_mode = on, then restart')
    : ok('archive_mode', `archive_mode is ${mode}`);
}

function commandOf({ archive_command: command, archive_library: library }: Settings): Finding {
  if (library) {
    const hint = "alter system set archive_library = '', then reload";
    return error('archive_library', `archive_library is set: archive_command is not called`, hint);
  }
  if (command && /\bwal\s+push\b.*%p/.test(command)) return ok('archive_command', 'archive_command pushes WAL to us');
  const hint = "alter system set archive_command = 'holdfast --config /etc/holdfast/holdfast.yaml wal push %p'";
  return error('archive_command', 'archive_command does not call "holdfast wal push %p"', hint);
}

/** A segment is pushed when it is full: on a quiet server that may take days. */
function timeoutOf({ archive_timeout: timeout }: Settings): Finding {
  return timeout === '0'
    ? warning(
        'archive_timeout',
        'archive_timeout is 0: WAL waits on the server until its segment is full, however long that takes',
        "alter system set archive_timeout = '60s'",
      )
    : ok('archive_timeout', `a segment waits ${timeout} at the most`);
}

function leftSlot(slot: string): Finding {
  return warning(
    'replication_slot',
    `the slot ${slot} is there, and nobody reads it: the server keeps WAL for it without end`,
    `select pg_drop_replication_slot('${slot}')`,
  );
}
