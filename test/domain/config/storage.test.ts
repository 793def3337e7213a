import { parseConfig } from '../../../domain/config/parse';
import { isHoldfastError } from '../../../domain/errors';
import { least } from './design-example';

const stores = `stores:
  disk: { kind: dir, path: /b, level: hot }
  near: { kind: s3, bucket: near, level: warm }
  cold: { kind: s3, bucket: cold, level: cold, thaw: { tier: Standard } }
  deep: { kind: s3, bucket: deep, level: archive, thaw: { wait: 3d } }
`;
const load = (rest: string) => parseConfig(`${least}${stores}${rest}`, '/c/holdfast.yaml', {}).config;

function refusal(rest: string): string {
  try {
    load(rest);
  } catch (error) {
    if (isHoldfastError(error)) return [error.message, ...error.hints].join('\n');
  }
  throw new Error('it was taken');
}

const hour = 3_600_000;

test('a level stands for a class, and everything about thawing is filled in', () => {
  expect(load('').stores).toMatchObject({
    disk: { level: 'hot' },
    near: { level: 'warm', thaw: { tier: 'Bulk', days: 7, wait: 48 * hour } },
    cold: { storageClass: 'GLACIER_IR', thaw: { tier: 'Standard', days: 7 } },
    deep: { storageClass: 'DEEP_ARCHIVE', thaw: { tier: 'Bulk', wait: 72 * hour } },
  });
});

test('moves go by age, to the class of a level or to one that is named', () => {
  const { tiers } = load(
    'tiers: { t: { to: [near], move: [{ after: 90d, to: archive }, { after: 60d, to: cold }, { after: 30d, class: STANDARD_IA }] } }\n',
  );
  expect(tiers.t?.move).toEqual([
    { after: 720 * hour, class: 'STANDARD_IA' },
    { after: 1440 * hour, class: 'GLACIER_IR' },
    { after: 2160 * hour, class: 'DEEP_ARCHIVE' },
  ]);
});

test('immutable is filled in', () => {
  const { tiers } = load('tiers: { t: { to: [near], immutable: { mode: governance, for: 6h } } }\n');
  expect(tiers.t?.immutable).toEqual({ mode: 'governance', for: 6 * hour, provisional: 6 * hour });
});

test.each([
  ['to: [disk], immutable: true', /tiers\.t\.immutable.*stores that can lock: disk cannot/],
  ['type: point, every: 5m, to: [near], immutable: true', /tiers\.t\.immutable.*none with type point/],
  ['to: [deep]', /tiers\.t\.to.*read at once as the first: deep is an archive/],
  ['to: [near], immutable: { mode: strict }', /tiers\.t\.immutable/],
  ['to: [near], move: [{ after: 30d }]', /tiers\.t\.move.*either to or class/],
  ['to: [near], move: [{ after: 30d, to: hot }]', /tiers\.t\.move/],
  ['to: [disk], move: [{ after: 30d, to: cold }]', /tiers\.t\.move.*a directory has no classes/],
])('refused with its place: %s', (tier, told) => {
  expect(refusal(`tiers: { t: { ${tier} } }\n`)).toMatch(told);
});
