/** Durations, sizes and rates as people write them. Each reader returns undefined for text that is none. */

const milliseconds: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const bytes: Record<string, number> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};
const bitsPerSecond: Record<string, number> = { bps: 1, kbps: 1e3, mbps: 1e6, gbps: 1e9 };

const number = '\\d+(?:\\.\\d+)?';
export const durationForm = new RegExp(`^(?:${number}(?:ms|s|m|h|d|w))(?:\\s?${number}(?:ms|s|m|h|d|w))*$`);
export const sizeForm = /^\d+(?:\.\d+)?\s?(?:[Bb]|[kKmMgGtT][iI]?[bB])?$/;
/** No flags: the pattern goes into the JSON Schema. */
export const rateForm = /^(?:infinity|\d+(?:\.\d+)?\s?(?:[kKmMgG]?bps|(?:[Bb]|[kKmMgGtT]i?[bB])\/s))$/;

export const durationExample = 'a duration such as 500ms, 15m or 1h30m';
export const sizeExample = 'a size such as 64MiB or 10GB';
export const rateExample = 'a rate such as 100Mbps, 20MiB/s or infinity';

/** Milliseconds of `500ms`, `15m`, `1h30m`; `m` is minutes. */
export function parseDuration(text: string): number | undefined {
  if (!durationForm.test(text)) return undefined;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g);
  return Math.round(
    [...parts].reduce((sum, part) => sum + Number(part[1]) * (milliseconds[part[2] as string] ?? 0), 0),
  );
}

/** Bytes of `64MiB` (binary) or `10GB` (decimal). */
export function parseSize(text: string): number | undefined {
  if (!sizeForm.test(text)) return undefined;
  const [, amount, unit] = /^([\d.]+)\s?(.*)$/.exec(text) as unknown as [string, string, string];
  return Math.round(Number(amount) * (bytes[unit.toLowerCase()] as number));
}

/** Bytes per second of `100Mbps` (bits), `20MiB/s` (bytes) or `infinity`. */
export function parseRate(text: string): number | undefined {
  if (!rateForm.test(text)) return undefined;
  const lower = text.toLowerCase();
  if (lower === 'infinity') return Number.POSITIVE_INFINITY;
  if (lower.endsWith('/s')) return parseSize(lower.slice(0, -2));
  const [, amount, unit] = /^([\d.]+)\s?(.*)$/.exec(lower) as unknown as [string, string, string];
  return Math.round((Number(amount) * (bitsPerSecond[unit] as number)) / 8);
}

/** The largest two units: `1h 30m`, `45s`, `2d 3h`. For people. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  let rest = Math.round(ms / 1000);
  const parts: string[] = [];
  for (const [unit, seconds] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    if (rest >= seconds) parts.push(`${Math.floor(rest / seconds)}${unit}`);
    rest %= seconds;
  }
  return parts.slice(0, 2).join(' ');
}

/** `1.5 GiB`. For people. */
export function formatBytes(count: number): string {
  let value = count;
  for (const unit of ['B', 'KiB', 'MiB', 'GiB', 'TiB']) {
    if (value < 1024 || unit === 'TiB') return `${unit === 'B' ? Math.round(value) : value.toFixed(1)} ${unit}`;
    value /= 1024;
  }
  return `${count} B`;
}
