/** The password file a connection string names (PostgreSQL manual, "The Password File"); the default one is found by `pg`. */
import { readFile, stat } from 'node:fs/promises';
import { HoldfastError } from '../../domain/errors';

/**
 * A function that `pg` calls when the server asks for a password.
 * @throws (the function) HoldfastError `secret_unavailable` when the file is missing, open to others, or has no fitting line
 */
export function passwordFrom(
  file: string,
  { host, port, database, user }: { host: string; port: number; database: string; user: string },
): () => Promise<string> {
  const wanted = [host.startsWith('/') ? 'localhost' : host, String(port), database, user];
  return async () => {
    const lines = (await readable(file)).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    for (const fields of lines.map(fieldsOf)) {
      const fits = wanted.every(
        (one, at) => fields[at] === '*' || fields[at] === one || (at === 0 && fields[0] === host),
      );
      if (fits && fields[4] !== undefined) return fields[4];
    }
    throw new HoldfastError('secret_unavailable', 'the password file has no line for this connection', { where: file });
  };
}

function fieldsOf(line: string): string[] {
  return (line.match(/(?:\\.|[^:\\])*(?::|$)/g) ?? []).map((one) => one.replace(/:$/, '').replace(/\\(.)/g, '$1'));
}

async function readable(file: string): Promise<string> {
  try {
    if (((await stat(file)).mode & 0o077) === 0) return await readFile(file, 'utf8');
  } catch (error) {
    throw new HoldfastError('secret_unavailable', 'the password file cannot be read', { where: file, cause: error });
  }
  throw new HoldfastError('secret_unavailable', 'the password file is open to group or others', {
    where: file,
    hints: [`chmod 600 ${file}`],
  });
}
