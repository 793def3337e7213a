import { parseConfig } from '../../../domain/config/parse';
import { isHoldfastError } from '../../../domain/errors';
import { least } from './design-example';

const stores = `stores:
  disk: { kind: dir, path: /b, level: hot }
  near: { kind: s3, bucket: near, level: warm }
  cold: { kind: s3, bucket: cold, level: cold, thaw: { tier: Standard } }
  shed: { kind: dir, path: /s, role: shed }
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
    near: { level: 'warm', thaw: { tier: 'Bulk', days: 7, wait: 72 * hour } },
    cold: { storageClass: 'GLACIER_IR', thaw: { tier: 'Standard', days: 7 } },
    deep: { storageClass: 'DEEP_ARCHIVE', thaw: { tier: 'Bulk', wait: 72 * hour } },
  });
});

test('what is thawed first must not freeze again before the last is', () => {
  const far = (thaw: string) => `  far: { kind: s3, bucket: far, level: archive, thaw: { ${thaw} } }\n`;
  expect(() => load(far('days: 2, wait: 48h'))).not.toThrow();
  expect(refusal(far('days: 1, wait: 48h'))).toMatch(/stores\.far\.thaw\.days.*at least as long as wait/);
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

test('moves go to other stores too, which then get nothing else of the tier', () => {
  const { tiers } = load('tiers: { t: { move: [{ after: 1h, store: near }, { after: 30d, store: cold }] } }\n');
  expect(tiers.t).toMatchObject({
    to: ['disk', 'deep'],
    move: [
      { after: hour, store: 'near' },
      { after: 720 * hour, store: 'cold' },
    ],
  });
});

test('immutable is filled in', () => {
  const { tiers } = load('tiers: { t: { to: [near], immutable: { mode: governance, for: 6h } } }\n');
  expect(tiers.t?.immutable).toEqual({ mode: 'governance', for: 6 * hour, provisional: 6 * hour });
});

test.each([
  ['to: [near], immutable: true, copies: { to: [shed] }', /tiers\.t\.immutable.*stores that can lock: shed cannot/],
  ['to: [disk], immutable: true', /tiers\.t\.immutable.*stores that can lock: disk cannot/],
  ['type: point, every: 5m, to: [near], immutable: true', /tiers\.t\.immutable.*none with type point/],
  ['to: [deep]', /tiers\.t\.to.*read at once as the first: deep is an archive/],
  ['to: [near], immutable: { mode: strict }', /tiers\.t\.immutable/],
  ['to: [near], move: [{ after: 30d }]', /tiers\.t\.move.*either to or class/],
  ['to: [near], move: [{ after: 30d, to: hot }]', /tiers\.t\.move/],
  ['to: [disk], move: [{ after: 30d, to: cold }]', /tiers\.t\.move.*a directory has no classes/],
  ['to: [disk], move: [{ after: 1h, store: warm }]', /tiers\.t\.move\[0\]\.store.*expected one of "disk", "near"/],
  ['to: [disk], move: [{ after: 1h, to: cold, store: near }]', /tiers\.t\.move\[0\].*either to or class, or a store/],
  [
    'to: [disk, near], move: [{ after: 1h, store: near }]',
    /move\[0\]\.store.*another store than those before it: near/,
  ],
  ['to: [disk], copies: { to: [near] }, move: [{ after: 1h, store: near }]', /move\[0\]\.store.*those of copies: near/],
  [
    'to: [disk], move: [{ after: 2h, store: near }, { after: 2h, store: cold }]',
    /move\[1\]\.after.*greater age than that of the step before/,
  ],
  ['to: [cold], move: [{ after: 1h, store: near }]', /move\[0\]\.store.*no hotter than cold: near is of level warm/],
  ['to: [near], move: [{ after: 1h, store: disk }]', /move\[0\]\.store.*no hotter than near/],
  ['to: [near], immutable: true, move: [{ after: 1h, store: shed }]', /move\[0\]\.store.*can lock: shed cannot/],
  ['to: [near], move: [{ after: 1h, store: shed }, { after: 2h, to: cold }]', /move\[1\]\.to.*shed, a directory/],
  [
    'type: point, every: 5m, to: [disk], move: [{ after: 1h, store: near }]',
    /tiers\.t\.move.*no store with type point/,
  ],
])('refused with its place: %s', (tier, told) => {
  expect(refusal(`tiers: { t: { ${tier} } }\n`)).toMatch(told);
});
