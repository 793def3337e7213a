/** What a look at a server found. */
export interface Finding {
  /** Stable, for JSON: an error code of the catalogue, or the name of what was looked at. */
  code: string;
  level: 'ok' | 'warning' | 'error';
  /** Lower-case sentence. */
  what: string;
  hint?: string;
}

export function ok(code: string, what: string): Finding {
  return { code, level: 'ok', what };
}

export function warning(code: string, what: string, hint: string): Finding {
  return { code, level: 'warning', what, hint };
}

export function error(code: string, what: string, hint: string): Finding {
  return { code, level: 'error', what, hint };
}
