/** An address to listen at, as people write it. */
export interface Address {
  host: string;
  port: number;
}

/** `localhost:9464`, `0.0.0.0:9464`, `[::]:9464`. */
export function parseAddress(text: string): Address | undefined {
  const [, bracketed, bare, digits] = /^(?:\[([0-9a-fA-F:]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? bare;
  const port = Number(digits);
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}
