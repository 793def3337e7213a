import { parseConfig } from '../../../domain/config/parse';
import { isHoldfastError } from '../../../domain/errors';
import { least } from './design-example';

function refusals(...stores: string[]): readonly string[] {
  const named = stores.map((store, at) => `  s${at}: { ${store} }\n`).join('');
  try {
    parseConfig(`${least}stores:\n${named}`, '/c/holdfast.yaml', {});
  } catch (error) {
    if (isHoldfastError(error)) return error.hints;
    throw error;
  }
  return [];
}

const own = 'kind: s3, bucket: one, endpoint: "https://S3.example.com"';

test.each([
  ['kind: dir, path: /b', 'kind: dir, path: /a/../b/'],
  ['kind: dir, path: /c/b', 'kind: dir, path: b'],
  ['kind: s3, bucket: one', 'kind: s3, bucket: one, region: eu-west-1, storageClass: GLACIER'],
  ['kind: s3, bucket: one', 'kind: s3, bucket: one, endpoint: "https://s3.eu-west-1.amazonaws.com"'],
  [`${own}, prefix: p/q`, `${own.replace('S3.', 's3.')}, prefix: p/q/, role: dr`],
])('two stores in one place are refused: one copy is no two', (one, other) => {
  expect(refusals(one, other)).toEqual([
    expect.stringMatching(/:\d+: stores\.s1: expected a place of its own: s1 lies where the backups are of s0$/),
  ]);
});

test.each([
  ['kind: dir, path: /b', 'kind: dir, path: /b/backups/x'],
  ['kind: s3, bucket: one', 'kind: s3, bucket: one, prefix: wal'],
])('a store among the objects of another one is refused, whichever comes first', (outer, inner) => {
  const among = (name: string, other: string) => [
    expect.stringMatching(new RegExp(`stores\\.${name}: .* lies among the objects of ${other}$`)),
  ];
  expect(refusals(outer, inner)).toEqual(among('s1', 's0'));
  expect(refusals(inner, outer)).toEqual(among('s0', 's1'));
});

test.each([
  ['kind: dir, path: /b', 'kind: dir, path: /b/far'],
  ['kind: dir, path: /b', 'kind: dir, path: /backups'],
  ['kind: s3, bucket: one, prefix: p', 'kind: s3, bucket: one, prefix: p2'],
  ['kind: s3, bucket: one', own],
  [own, own.replace('one', 'two')],
])('places beside each other are places of their own', (one, other) => {
  expect(refusals(one, other)).toEqual([]);
});
