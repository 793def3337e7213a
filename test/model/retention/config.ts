/** The configurations that sequences are run with. */
import { parseConfig } from '../../../domain/config/parse';
import type { Config } from '../../../domain/config/types';
import type { Setup } from './sequence';

const rules = [
  '{ last: 2 }',
  '{ last: 1 }',
  '{ days: 2 }',
  '{ days: 5, last: 1 }',
  '{ daily: 2, weekly: 1 }',
  '{ hourly: 3 }',
  '{ size: 30B }',
  '{ last: 1, stores: { far: { days: 4 } } }',
];
const strategies = ['fifo', 'fifo', 'fifo', 'growing', 'tiered'];

const parsed = new Map<string, Config>();

export const sites = ['dc01', 'dc02'];
export const tiers = ['daily', 'other', 'law'];

export function configOf({ rules: chosen, minimum, window, stores }: Setup): Config {
  const rule = (at: number) => rules[(chosen + at) % rules.length] as string;
  const strategy = strategies[Math.floor(chosen / rules.length) % strategies.length] as string;
  // The other is a bucket with classes, where what is archived belongs into the coldest.
  const far = '{ kind: s3, bucket: far, region: r, storageClass: STANDARD_IA }';
  // Some systems of two stores move what is older than a day from the one to the other.
  const moves = stores > 1 && Math.floor(chosen / (rules.length * strategies.length)) % 3 === 1;
  const down = moves ? ', to: [near], move: [{ after: 1d, store: far }]' : '';
  const component = '{ db: { kind: postgres, connection: host=h, dataDir: /d }, files: { kind: files, paths: [/f] } }';
  const text = `system: shop
sites: { dc01: { components: ${component} }, dc02: { components: ${component} } }
stores: { near: { kind: dir, path: /n }${stores > 1 ? `, far: ${far}` : ''} }
tiers:
  daily: { keep: ${stores > 1 ? rule(0) : rule(0).replace(/, stores.*/, ' }')}, strategy: ${strategy}${down} }
  other: { keep: ${stores > 1 ? rule(3) : rule(3).replace(/, stores.*/, ' }')} }
  law: { keep: { last: 1 }, retentionClass: compliance }
  points: { type: point, every: 5m, keep: { last: 2 } }
retention: { minimum: ${minimum}, coolOff: 1d, grace: 1d, archive: DEEP_ARCHIVE${window > 0 ? `, wal: ${window}d` : ''} }
`;
  const known = parsed.get(text) ?? parseConfig(text, '/holdfast.yaml').config;
  parsed.set(text, known);
  return known;
}
