import { formatLsn, parseLsn, parseSegmentName, segmentName } from '../../domain/lsn';

const mib16 = 16 * 1024 * 1024;

test('a position survives the way through text', () => {
  expect(formatLsn(parseLsn('16/B374D848'))).toBe('16/B374D848');
  expect(parseLsn('0/0')).toBe(0n);
  expect(parseLsn('FFFFFFFF/FFFFFFFF')).toBe(0xffffffffffffffffn);
});

test('what is no position is refused with its code', () => {
  expect(() => parseLsn('16-B3')).toThrow(expect.objectContaining({ code: 'target_invalid' }));
});

test.each([mib16, 1024 * 1024, 1024 * 1024 * 1024])(
  'segment names follow PostgreSQL at a segment size of %d',
  (size) => {
    const number = 0x100000000n / BigInt(size) + 3n;
    const name = segmentName(2, number, size);
    expect(name.slice(0, 16)).toBe('0000000200000001');
    expect(parseSegmentName(name, size)).toEqual({ timeline: 2, segmentNumber: number });
  },
);

test('the name of the segment that holds a known position', () => {
  expect(segmentName(1, parseLsn('16/B374D848') / BigInt(mib16), mib16)).toBe('0000000100000016000000B3');
});
