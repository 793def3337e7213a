import { formatBytes, formatDuration, parseDuration, parseRate, parseSize } from '../../../domain/config/units';

test.each([
  ['500ms', 500],
  ['15m', 900_000],
  ['1h30m', 5_400_000],
  ['1h 30m', 5_400_000],
  ['1.5s', 1500],
  ['2w', 1_209_600_000],
  ['15', undefined],
  ['15 minutes', undefined],
  ['-1s', undefined],
  ['', undefined],
])('the duration %s', (text, expected) => expect(parseDuration(text)).toBe(expected));

test.each([
  ['64MiB', 67_108_864],
  ['10GB', 10_000_000_000],
  ['1.5 KiB', 1536],
  ['7', 7],
  ['7 apples', undefined],
])('the size %s', (text, expected) => expect(parseSize(text)).toBe(expected));

test.each([
  ['100Mbps', 12_500_000],
  ['8kbps', 1000],
  ['20MiB/s', 20_971_520],
  ['20MB/s', 20_000_000],
  ['infinity', Number.POSITIVE_INFINITY],
  ['100', undefined],
  ['fast', undefined],
])('the rate %s', (text, expected) => expect(parseRate(text)).toBe(expected));

test('amounts for people', () => {
  expect([0, 1500, 90_000, 5_400_000, 200_000_000].map(formatDuration)).toEqual([
    '0ms',
    '2s',
    '1m 30s',
    '1h 30m',
    '2d 7h',
  ]);
  expect([5, 10.36, 1536, 3 * 2 ** 40].map(formatBytes)).toEqual(['5 B', '10 B', '1.5 KiB', '3.0 TiB']);
});
