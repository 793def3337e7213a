/**
 * Our settings for a replay, as a block between markers at the end of `postgresql.auto.conf`, where the last word wins and
 * `pg_verifybackup` does not look (PostgreSQL manual, "Recovery Target", "Archive Recovery").
 *
 * They keep the replaying instance to itself: no network, no archiver, no primary, no library that this host lacks; and they
 * are taken out again, with everything else in the file left as it was.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ReplayTarget } from '../../domain/decide-recovery';
import { formatForPostgres } from '../../domain/instant';
import { giveTo, type Owner } from './owner';
import { shellQuoted } from './shell';
import { withoutReceivers } from './wal/standby-names';

export interface ReplaySettings {
  target: ReplayTarget;
  /** `latest`, `current` or a timeline's number; default `latest`. */
  timeline?: string;
  /** Directory that holds the needed segments, whole, and the history files. */
  spoolDir: string;
  /** Absent: a copy out of a spool that holds everything. */
  restoreCommand?: string;
  /** Own, private, its path short (a socket's path has at most 107 bytes). */
  socketDir: string;
  port: number;
  /** Lower bounds from `pg_control`. */
  minimums: Record<string, number>;
  preloadLibraries: string;
}

const begin = '# begin of the settings for this recovery (holdfast); taken out when it is done';
const end = '# end of the settings for this recovery (holdfast)';

/** All settings by name; none is left to what the source had. */
export function recoverySettings(replay: ReplaySettings): Record<string, string> {
  return { ...targetSettings(replay), ...isolation(replay) };
}

/** What a server that is started by hand later needs to replay by itself, and nothing else. */
export function targetSettings({
  target,
  timeline,
  spoolDir,
  restoreCommand,
}: Pick<ReplaySettings, 'target' | 'timeline' | 'spoolDir' | 'restoreCommand'>) {
  const settings: Record<string, string> = {
    restore_command: restoreCommand ?? `cp ${shellQuoted(`${spoolDir}/`).replaceAll('%', '%%')}%f "%p"`,
    recovery_target_timeline: timeline ?? 'latest',
    recovery_target_action: 'promote',
    recovery_target: '',
    recovery_target_time: '',
    recovery_target_lsn: '',
    recovery_target_xid: '',
    recovery_target_name: '',
    recovery_target_inclusive: 'inclusive' in target && !target.inclusive ? 'off' : 'on',
    recovery_end_command: '',
    archive_cleanup_command: '',
    primary_conninfo: '',
    primary_slot_name: '',
  };
  // PostgreSQL takes them in order and refuses to clear one while another is set: the one that counts comes last.
  const [name, value] = chosen(target);
  if (name) {
    delete settings[name];
    settings[name] = value;
  }
  return settings;
}

function chosen(target: ReplayTarget): [name: string, value: string] {
  switch (target.kind) {
    case 'consistent':
      return ['recovery_target', 'immediate'];
    case 'time':
      return ['recovery_target_time', formatForPostgres(target.at)];
    case 'lsn':
      return ['recovery_target_lsn', target.lsn];
    case 'xid':
      return ['recovery_target_xid', target.xid];
    case 'name':
      return ['recovery_target_name', target.name];
    case 'end-of-wal':
      return ['', ''];
  }
}

function isolation({ socketDir, port, minimums, preloadLibraries }: ReplaySettings): Record<string, string> {
  return {
    ...Object.fromEntries(Object.entries(minimums).map(([name, value]) => [name, String(value)])),
    listen_addresses: '',
    unix_socket_directories: socketDir,
    unix_socket_permissions: '0700',
    unix_socket_group: '',
    port: String(port),
    ssl: 'off',
    archive_mode: 'off',
    // Nobody may connect before the target is reached, so that no limit of a standby applies.
    hot_standby: 'off',
    synchronous_standby_names: '',
    shared_preload_libraries: preloadLibraries,
    session_preload_libraries: '',
    local_preload_libraries: '',
    max_wal_senders: String(minimums['max_wal_senders'] ?? 0),
    wal_level: 'replica',
    autovacuum: 'off',
    logging_collector: 'off',
    log_destination: 'stderr',
    log_min_messages: 'info',
    log_line_prefix: '%m [%p] ',
    lc_messages: 'C',
    external_pid_file: '',
    event_source: '',
    // What the source's host had room for says nothing about this one.
    huge_pages: 'try',
    shared_buffers: '256MB',
    max_wal_size: '4GB',
    fsync: 'on',
    full_page_writes: 'on',
    restart_after_crash: 'off',
    log_timezone: 'UTC',
  };
}

/**
 * For a copy that somebody starts by hand later: it replays to the target by itself, from the spool, and archives nothing, since
 * its history is none of the source's.
 */
export function leaveReadyToReplay(
  dataDir: string,
  owner: Owner,
  replay: Pick<ReplaySettings, 'target' | 'timeline' | 'spoolDir'>,
): void {
  putSettings(dataDir, owner, { archive_mode: 'off', synchronous_standby_names: '', ...targetSettings(replay) });
  putRecoverySignal(dataDir, owner);
}

/** Appends our block, or replaces the one that is there. Durable only with the directory's next sync. */
export function putSettings(dataDir: string, owner: Owner, settings: Record<string, string>): void {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${escaped(value)}'`);
  const before = waitingForNobody(withoutBlock(readConf(dataDir)));
  replaceConf(
    dataDir,
    owner,
    `${[before.replace(/\n*$/, before ? '\n' : ''), begin].join('')}\n${lines.join('\n')}\n${end}\n`,
  );
}

/** Takes our block out; does nothing where there is none. */
export function removeSettings(dataDir: string, owner: Owner): void {
  const text = readConf(dataDir);
  if (text.includes(begin)) replaceConf(dataDir, owner, withoutBlock(text));
}

/** Asks for archive recovery; `postgres` removes the file when it is done. */
export function putRecoverySignal(dataDir: string, owner: Owner): void {
  const file = path.join(dataDir, 'recovery.signal');
  writeFileSync(file, '', { mode: 0o600 });
  giveTo(owner, file);
  rmSync(path.join(dataDir, 'standby.signal'), { force: true });
}

/** The source's commits may have waited for our receiver. From a copy nobody receives, and each commit would wait for ever. */
function waitingForNobody(text: string): string {
  const setting = /^(\s*synchronous_standby_names\s*=\s*)'((?:[^']|'')*)'/gm;
  return text.replace(setting, (_, head: string, value: string) => {
    return `${head}'${escaped(withoutReceivers(value.replaceAll("''", "'")))}'`;
  });
}

function withoutBlock(text: string): string {
  const from = text.indexOf(begin);
  if (from < 0) return text;
  const to = text.indexOf(end, from);
  // A block without its end was cut off by a crash while it was the file's last part.
  return text.slice(0, from) + (to < 0 ? '' : text.slice(to + end.length + 1));
}

function confFile(dataDir: string): string {
  return path.join(dataDir, 'postgresql.auto.conf');
}

function readConf(dataDir: string): string {
  return existsSync(confFile(dataDir)) ? readFileSync(confFile(dataDir), 'utf8') : '';
}

/** By rename, as ALTER SYSTEM does it and under the same temporary name, which no backup holds. */
function replaceConf(dataDir: string, owner: Owner, text: string): void {
  const draft = `${confFile(dataDir)}.tmp`;
  writeFileSync(draft, text, { mode: 0o600, flush: true });
  giveTo(owner, draft);
  renameSync(draft, confFile(dataDir));
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll("'", "''");
}
