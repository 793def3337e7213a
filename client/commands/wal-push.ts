/**
 * `wal push`: stores one file that PostgreSQL archives. Called by `archive_command`, in the server's data directory and as its
 * user, once for each segment: it starts no engine, and loads nothing where the stores have the file already.
 */
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { configPath, userPath } from '../../components/config-file/paths';
import { PushNotes } from '../../components/postgres/wal/push/notes';
import { componentRefs } from '../../domain/config/names';
import type { Config, PostgresComponent } from '../../domain/config/types';
import { HoldfastError } from '../../domain/errors';
import type { GlobalOptions, Outcome } from '../context';

export interface PushFlags extends GlobalOptions {
  site?: string;
  component?: string;
}

/** While the server is ahead of us, one start serves so many segments. */
const segmentsAhead = 7;

export async function push(options: PushFlags, argument = ''): Promise<Outcome> {
  const file = fileOf(argument);
  const notes = new PushNotes(path.dirname(path.dirname(file)), configPath(options.config));
  if (notes.take(file)) return { json: { file: path.basename(file), stored: true, ahead: 0 } };
  const { configured } = await import('../context.js');
  const { pushToStores } = await import('../wal/push-to-stores.js');
  const { config } = await configured(options);
  const own = componentOfFile(config, file, options);
  const stamps = new Map<string, ReturnType<PushNotes['stamp']>>();
  const ahead = await pushToStores(config, own, {
    file,
    ahead: segmentsAhead,
    onFile: (each) => stamps.set(each, notes.stamp(each)),
  });
  for (const each of ahead) notes.write(each, stamps.get(each));
  return { json: { file: path.basename(file), stored: true, ahead: ahead.length } };
}

/** The server's paths are relative to its data directory, which is where it calls from; others to where the user stands. */
function fileOf(argument: string): string {
  const place = [path.resolve(argument), userPath(argument)].find((one) => existsSync(one));
  if (place !== undefined) return place;
  throw new HoldfastError('source_unreadable', 'there is no such file', {
    where: path.resolve(argument),
    hints: ["archive_command = 'holdfast wal push %p'; %p is relative to the data directory"],
  });
}

export interface OwnComponent {
  site: string;
  name: string;
  component: PostgresComponent;
}

/** The one whose data directory the file lies in. @throws HoldfastError `wrong_data_directory`, `usage` */
function componentOfFile(config: Config, file: string, { site, component: wanted }: PushFlags): OwnComponent {
  const dataDir = dataDirOf(file);
  const own = componentRefs(config, site).flatMap(({ component, ...ref }) =>
    component.kind === 'postgres' && (wanted === undefined || wanted === ref.name) ? [{ ...ref, component }] : [],
  );
  const found = own.find(({ component }) => component.dataDir !== undefined && isSame(component.dataDir, dataDir));
  if (found === undefined) {
    throw new HoldfastError('wrong_data_directory', 'the WAL is of a data directory that no component names', {
      where: dataDir,
      hints: [
        `the configuration names ${own.map(({ component }) => component.dataDir).join(', ') || 'none'}`,
        'a copy of a protected server must not archive: set archive_mode = off there',
      ],
    });
  }
  if (found.component.wal.source === 'command') return found;
  throw new HoldfastError('usage', `the WAL of ${found.name} is received from a slot, not pushed`, {
    where: `sites.${found.site}.components.${found.name}.wal.source`,
    hints: ['write `wal: { source: command }` there, or take the archive_command away'],
  });
}

/** `pg_wal` may be a link to another file system: the server calls from its data directory. */
function dataDirOf(file: string): string {
  const candidates = [process.cwd(), path.dirname(path.dirname(file))];
  const found = candidates.find((one) => ['PG_VERSION', 'pg_wal'].every((name) => existsSync(path.join(one, name))));
  return found ?? path.dirname(path.dirname(file));
}

function isSame(one: string, other: string): boolean {
  try {
    return realpathSync(one) === realpathSync(other);
  } catch {
    return false;
  }
}
