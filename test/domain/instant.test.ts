import { formatForPostgres, formatInstant, fromPostgres, parseInstant, toPostgres } from '../../domain/instant';

test('microseconds are kept', () => {
  expect(formatInstant(parseInstant('2026-11-22T14:30:00.123456+02:00'))).toBe('2026-11-22T12:30:00.123456Z');
});

test('PostgreSQL is never given a target that ends in Z', () => {
  expect(formatForPostgres(parseInstant('2026-11-22T14:30:00Z'))).toBe('2026-11-22 14:30:00.000000+00:00');
});

test('a time without its zone is refused, with a hint', () => {
  expect(() => parseInstant('2026-11-22 14:30:00')).toThrow(
    expect.objectContaining({ code: 'target_invalid', hints: [expect.stringContaining('zone')] }),
  );
});

test('a zone by its name, on both sides of a change of the clocks', () => {
  expect(formatInstant(parseInstant('2026-03-29 01:59:59 Europe/Berlin'))).toBe('2026-03-29T00:59:59.000000Z');
  expect(formatInstant(parseInstant('2026-03-29 03:00:00 Europe/Berlin'))).toBe('2026-03-29T01:00:00.000000Z');
});

test('a local time that the clocks skipped or showed twice is refused', () => {
  expect(() => parseInstant('2026-03-29 02:30:00 Europe/Berlin')).toThrow(/does not exist/);
  expect(() => parseInstant('2026-10-25 02:30:00 Europe/Berlin')).toThrow(/happened twice/);
});

test('an impossible date is refused', () => {
  expect(() => parseInstant('2026-02-30T00:00:00Z')).toThrow(/not a possible time/);
});

test('times before 1970 and the PostgreSQL epoch', () => {
  expect(formatInstant(-1n)).toBe('1969-12-31T23:59:59.999999Z');
  expect(toPostgres(fromPostgres(0n))).toBe(0n);
  expect(formatInstant(fromPostgres(0n))).toBe('2000-01-01T00:00:00.000000Z');
});
