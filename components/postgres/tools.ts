/**
 * Where PostgreSQL's own programs of one major version are. Distributions hide the server's programs outside PATH, and several
 * versions live side by side: what restores a backup must be of the backup's major version.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { HoldfastError } from '../../domain/errors';
import { plainEnvironment } from '../plain-environment';

const run = promisify(execFile);

export class ServerTools {
  constructor(
    readonly major: number,
    readonly binDir: string,
    /** As it calls itself, for example `15.18`. */
    readonly version: string,
  ) {}

  /** The path of a program; undefined when this installation lacks it (slim packages have the server only). */
  find(program: string): string | undefined {
    const file = path.join(this.binDir, program);
    return isExecutable(file) ? file : undefined;
  }

  /** @throws HoldfastError `tools_not_found` */
  program(program: string): string {
    const file = this.find(program);
    if (file) return file;
    throw new HoldfastError('tools_not_found', `${program} of PostgreSQL ${this.major} is missing`, {
      where: this.binDir,
      hints: [`install PostgreSQL ${this.major}'s client programs, or point PG_BINDIR at a complete installation`],
    });
  }
}

/**
 * Looks in PG_BINDIR, the directories of HOLDFAST_PG_BINDIRS (`:` between them), the places distributions use, and PATH.
 * @throws HoldfastError `tools_not_found` when no server of this major version is installed
 */
export async function findServerTools(major: number, env: NodeJS.ProcessEnv = process.env): Promise<ServerTools> {
  const others = new Set<string>();
  for (const binDir of candidates(major, env)) {
    const version = await versionIn(binDir);
    if (version === undefined) continue;
    if (Number.parseInt(version, 10) === major) return new ServerTools(major, binDir, version);
    others.add(version);
  }
  throw new HoldfastError('tools_not_found', `no server programs of PostgreSQL ${major} on this host`, {
    hints: [
      ...(others.size > 0
        ? [`found were versions ${[...others].join(', ')}; a backup needs its own major version`]
        : []),
      `install PostgreSQL ${major} (Debian: postgresql-${major}), or set PG_BINDIR to the directory of its pg_ctl`,
    ],
  });
}

function candidates(major: number, env: NodeJS.ProcessEnv): string[] {
  return [
    env.PG_BINDIR ?? '',
    ...(env.HOLDFAST_PG_BINDIRS ?? '').split(':'),
    `/usr/lib/postgresql/${major}/bin`,
    `/usr/pgsql-${major}/bin`,
    `/usr/libexec/postgresql${major}`,
    `/usr/local/pgsql/bin`,
    ...(env.PATH ?? '').split(':'),
  ].filter((one) => path.isAbsolute(one));
}

async function versionIn(binDir: string): Promise<string | undefined> {
  const server = path.join(binDir, 'postgres');
  if (!isExecutable(server)) return undefined;
  const { stdout } = await run(server, ['--version'], { timeout: 30_000, env: plainEnvironment() }).catch(() => ({
    stdout: '',
  }));
  return /PostgreSQL\) (\d+[.\w]*)/.exec(stdout)?.[1];
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
