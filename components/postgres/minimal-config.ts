/** A configuration just good enough to start a restored copy whose own configuration lay elsewhere (Debian: in /etc). */
import type { PostgresFacts } from '../../domain/backup';
import type { GeneratedFile } from './manifest';
import type { Owner } from './owner';

const noSetting = new Set(['bootstrap_user', 'shared_preload_libraries']);

/** `postgresql.conf`, `pg_hba.conf` and `pg_ident.conf`; local connections by peer, the data's owner as the first superuser. */
export function minimalConfig({ settings }: PostgresFacts, { user = 'postgres' }: Owner): GeneratedFile[] {
  const superuser = settings['bootstrap_user'] ?? 'postgres';
  const minimums = Object.entries(settings).filter(([name]) => !noSetting.has(name));
  return [
    file('postgresql.conf', [
      '# Made by the restore: the source kept its own outside the data directory (copies lie beside this directory).',
      "listen_addresses = 'localhost'",
      ...minimums.map(([name, value]) => `${name} = ${value}`),
    ]),
    file('pg_hba.conf', [
      `local all ${quoted(superuser)} peer map=owner`,
      'local all all peer',
      'host all all 127.0.0.1/32 scram-sha-256',
      'host all all ::1/128 scram-sha-256',
    ]),
    file(
      'pg_ident.conf',
      [...new Set([user, 'root'])].map((one) => `owner ${quoted(one)} ${quoted(superuser)}`),
    ),
  ];
}

function file(path: string, lines: string[]): GeneratedFile {
  return { path, contents: Buffer.from(`${lines.join('\n')}\n`) };
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
