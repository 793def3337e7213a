import { dollarsPerThousand, kindOf, RequestTally, requestKinds } from '../../bench/s3-requests';

test.each([
  ['PUT', '/bucket/wal/1/00000001/parts/a/b', 'PUT'],
  ['GET', '/bucket/wal/1/archive.json', 'GET'],
  ['GET', '/bucket/list-type', 'GET'],
  ['GET', '/bucket?list-type=2&prefix=wal%2F', 'LIST'],
  ['GET', '/bucket/?versions&prefix=a', 'LIST'],
  ['HEAD', '/bucket/a?x-id=list-type', 'HEAD'],
  ['POST', '/bucket?delete', 'POST'],
  ['DELETE', '/bucket/a?x-id=DeleteObject', 'DELETE'],
])('%s %s is billed as %s', (method, url, kind) => expect(kindOf(method, url)).toBe(kind));

test.each(['PATCH', 'LIST', ''])('S3 has no method "%s"', (method) => {
  expect(() => kindOf(method, '/bucket')).toThrow('S3 has no request');
});

test('a thousand of each costs what the list says', () => {
  for (const kind of requestKinds) {
    const tally = new RequestTally();
    const [method, url] = kind === 'LIST' ? ['GET', '/b?list-type=2'] : [kind, '/b/k'];
    for (let n = 0; n < 1000; n++) tally.count(method, url);
    expect([kind, tally.all, tally.of(kind)]).toEqual([kind, 1000, 1000]);
    expect(tally.dollars).toBeCloseTo(dollarsPerThousand[kind], 12);
  }
});

test('a hundred commits a second in mode sync, one mark and two looks a second, for thirty days: 1,311.03 dollars', () => {
  const tally = new RequestTally();
  for (let n = 0; n < 101; n++) tally.count('PUT', '/b/k');
  for (let n = 0; n < 2; n++) tally.count('HEAD', '/b/wal/7/writers/a/0000000001/claim');
  expect(tally.dollars * 30 * 86_400).toBeCloseTo(1311.03, 2);
});

test('looks at the claim of a writer are told from other HEADs, and all are forgotten at once', () => {
  const tally = new RequestTally();
  tally.count('HEAD', '/b/wal/7/writers/abc/0000000001/claim');
  tally.count('HEAD', '/b/wal/7/writers/abc/0000000002/claim?x=1');
  tally.count('HEAD', '/b/wal/7/writers/abc/0000000001/lease');
  tally.count('PUT', '/b/wal/7/writers/abc/0000000001/claim');
  tally.count('HEAD', '/b/claim');
  expect([tally.claims, tally.of('HEAD'), tally.all]).toEqual([2, 4, 5]);
  tally.clear();
  expect([tally.claims, tally.all, tally.dollars]).toEqual([0, 0, 0]);
});
