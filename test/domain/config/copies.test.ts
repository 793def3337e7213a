import { storesOfRegion } from '../../../domain/config/copies';
import { parseConfig } from '../../../domain/config/parse';
import type { HoldfastError } from '../../../domain/errors';

const stores = `stores:
  hot: { kind: dir, path: /hot }
  warm: { kind: dir, path: /warm, bandwidthLimit: 20MiB/s }
  dr: { kind: s3, bucket: bbb, region: eu-west-1, role: dr, bandwidthLimit: infinity }
  far: { kind: dir, path: /far, role: dr }
`;
const least = `system: s\nsites: { dc01: { components: { d: { kind: postgres, connection: host=a, dataDir: /a } } } }\n${stores}`;
const load = (text: string) => parseConfig(`${least}${text}`, '/c/holdfast.yaml').config;

function refusal(text: string): string[] {
  try {
    load(text);
  } catch (error) {
    return (error as HoldfastError).hints;
  }
  return [];
}

test('copies have their defaults, and stores with a role get nothing else unless they are named', () => {
  const { tiers, replication, sites, stores } = load(
    'tiers: { daily: { copies: { to: [dr, warm] } }, own: { to: [far] } }\n',
  );
  expect(replication).toEqual({ within: 14_400_000 });
  expect(tiers['daily']).toMatchObject({
    to: ['hot'],
    copies: { to: ['dr', 'warm'], success: 'all', within: 14_400_000 },
  });
  expect(tiers['own']).toMatchObject({ to: ['far'] });
  expect(tiers['own']?.copies).toBeUndefined();
  expect(sites['dc01']?.components['d']).toMatchObject({ wal: { to: ['hot', 'warm'], quorum: 2 } });
  expect([stores['warm']?.bandwidthLimit, stores['dr']?.bandwidthLimit]).toEqual([20 * 2 ** 20, undefined]);
});

test('a tier says by when, else the configuration', () => {
  const { tiers } = load(
    'replication: { within: 1h }\ntiers: { a: { copies: { to: [dr], success: 1 } }, b: { copies: { to: [dr], within: 2h } } }\n',
  );
  expect([tiers['a']?.copies, tiers['b']?.copies]).toEqual([
    { to: ['dr'], success: 1, within: 3_600_000 },
    { to: ['dr'], success: 'all', within: 7_200_000 },
  ]);
});

test('what contradicts itself is refused with its place', () => {
  expect(refusal('tiers: { a: { copies: { to: [dx] } } }\n')).toEqual([
    expect.stringMatching(/tiers\.a\.copies\.to\[0\].*dr/),
  ]);
  expect(refusal('tiers: { a: { to: [hot, dr], copies: { to: [dr] } } }\n')).toEqual([
    expect.stringMatching(/tiers\.a\.copies\.to: expected other stores than those of to: dr is in both/),
  ]);
  expect(refusal('tiers: { a: { copies: { to: [dr], success: 2 } } }\n')).toEqual([
    expect.stringMatching(/tiers\.a\.copies\.success: expected at most 1/),
  ]);
  expect(refusal('tiers: { a: { copies: { to: [hot, warm] } } }\n')).toEqual([
    expect.stringMatching(/left for the backup itself/),
  ]);
  expect(refusal('tiers: { a: { copies: { to: [dr], success: most } } }\n')).toEqual([
    expect.stringMatching(/success: expected all, or/),
  ]);
});

test('a region is a store by its name, or all of a role or of the cloud’s region', () => {
  const config = load('');
  expect([storesOfRegion(config, 'hot'), storesOfRegion(config, 'eu-west-1'), storesOfRegion(config, 'mars')]).toEqual([
    ['hot'],
    ['dr'],
    [],
  ]);
  expect(
    storesOfRegion({ stores: { ...config.stores, dr2: { kind: 'dir', path: '/x', role: 'secondary' } } }, 'secondary'),
  ).toEqual(['dr2']);
});
