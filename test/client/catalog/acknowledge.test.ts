import { parseGap } from '../../../client/catalog/acknowledge';

test('a gap is written as points shows it', () => {
  expect(parseGap('2/0/3000000-1/5A')).toEqual({ timeline: 2, fromLsn: '0/3000000', toLsn: '1/5A' });
  expect(parseGap('2/0/300000a-1/5a')).toEqual({ timeline: 2, fromLsn: '0/300000A', toLsn: '1/5A' });
});

test.each([
  '',
  '1',
  '0/3000000-0/5000000',
  '1/0/5000000-0/3000000',
  '1/0/3-0/3',
  'x/0/3-0/5',
  '1/0/3-0/5-0/7',
  '1/3-5',
])('"%s" is refused with the form', (text) => {
  expect(() => parseGap(text)).toThrow(
    expect.objectContaining({ code: 'usage', hints: [expect.stringContaining('1/0/3000000-0/5000000')] }),
  );
});
