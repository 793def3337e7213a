/** Who says it, for what stays on record: `$HOLDFAST_OPERATOR`, else the user, also behind sudo, and the host. */
import { hostname, userInfo } from 'node:os';

export function operator(): string {
  // It becomes part of one line.
  const named = process.env['HOLDFAST_OPERATOR']?.replace(/\s+/g, ' ').trim().slice(0, 200);
  return named || `${process.env['SUDO_USER'] || userName()}@${hostname()}`;
}

/** In a container the user may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
