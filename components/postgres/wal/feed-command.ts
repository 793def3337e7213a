/**
 * How a replaying server gets its WAL while it is fetched ahead of it: a `restore_command` that loads nothing. It copies a file
 * that is there, waits for one that is on its way, and says of all others that they do not exist.
 *
 * Guaranteed: only what no plan names ends a recovery; a file that is there and cannot be copied (a full disk) is an error, where
 * a plain `cp` would let the server promote early. Whoever waits for a server that is gone stops waiting.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { shellQuoted } from '../shell';
import type { SpoolFiles } from './spool-files';

const names = { command: '.give', plan: '.plan', asked: '.asked' };

/** Arguments: the file's name, and where the server wants it. Status 1 is "there is none"; above 125 the server stops. */
const script = `dir=\${0%/*}
while :; do
  if [ -e "$dir/$1" ]; then
    if cp "$dir/$1" "$2"; then break; fi
    if [ -e "$dir/$1" ]; then exit 200; fi
  fi
  grep -qxF "$1" "$dir/${names.plan}"
  case $? in 0) ;; 1) exit 1 ;; *) exit 200 ;; esac
  echo "$1" > "$dir/${names.asked}"
  read -r server < postmaster.pid && kill -0 "$server" || exit 200
  sleep 0.05
done
case $1 in *.history) ;; *) echo "$1" > "$dir/${names.asked}" ;; esac
`;

/** For `restore_command`. */
export function feedCommand(spoolDir: string): string {
  return `exec sh ${shellQuoted(path.join(spoolDir, names.command)).replaceAll('%', '%%')} %f "%p"`;
}

/** To be there before the server starts; may be put again while it runs. */
export async function putFeedCommand(files: SpoolFiles, segments: { name: string }[]): Promise<void> {
  await files.put(names.plan, segments.map(({ name }) => `${name}\n`).join(''));
  await files.put(names.command, script);
}

/** The segment that the server has got last, or waits for; undefined before the first. */
export function lastAsked(spoolDir: string): string | undefined {
  try {
    return readFileSync(path.join(spoolDir, names.asked), 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The segment that a server waits for, whoever is to bring it. */
export function awaitedIn(spoolDir: string): string | undefined {
  const asked = lastAsked(spoolDir);
  return asked === undefined || existsSync(path.join(spoolDir, asked)) ? undefined : asked;
}
