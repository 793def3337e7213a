import {
  isNamed,
  withoutReceivers,
  withoutStandby,
  withStandby,
} from '../../../../components/postgres/wal/standby-names';

const us = 'holdfast_sys_dc01_database';

test('alone, with all of the user’s standbys, and without them again', () => {
  for (const [before, named, after] of [
    ['', `FIRST 1 ("${us}")`, ''],
    ['a', `FIRST 2 ("${us}", "a")`, 'FIRST 1 ("a")'],
    ['FIRST 2 (a, "B c")', `FIRST 3 ("${us}", "a", "B c")`, 'FIRST 2 ("a", "B c")'],
    ['any 1 (a)', `FIRST 2 ("${us}", "a")`, 'FIRST 1 ("a")'],
    ['2 (a,b)', `FIRST 3 ("${us}", "a", "b")`, 'FIRST 2 ("a", "b")'],
  ] as const) {
    expect(withStandby(before, us)).toBe(named);
    expect(withStandby(named, us)).toBe(named);
    expect(withoutStandby(named, us)).toBe(after);
    expect(withoutStandby(after, us)).toBe(after);
  }
});

test('what could be confirmed without us is refused: fewer must answer than are named, or anybody may', () => {
  for (const setting of ['a, b', 'ANY 1 (a, b)', 'FIRST 1 (a, b, c)', '*', 'FIRST 1 (*)', `ANY 1 (${us}, a)`, 'a b']) {
    expect(() => withStandby(setting, us)).toThrow(expect.objectContaining({ code: 'postgres_misconfigured' }));
  }
});

test('names are compared as the server does it', () => {
  expect(isNamed(`FIRST 1 ("${us.toUpperCase()}")`, us)).toBe(true);
  expect(isNamed(`FIRST 1 ("${us}2")`, us)).toBe(false);
  expect(withoutStandby(`ANY 1 (${us}, a, b)`, us)).toBe('ANY 1 ("a", "b")');
  expect(withoutStandby('ANY 1 (a, b)', us)).toBe('ANY 1 (a, b)');
});

test('a copy waits for no receiver of ours, and for everybody else as before', () => {
  expect(withoutReceivers(`FIRST 1 ("${us}")`)).toBe('');
  expect(withoutReceivers(`FIRST 3 ("${us}", "holdfast_other", "a")`)).toBe('FIRST 1 ("a")');
  expect(withoutReceivers('FIRST 1 (a)')).toBe('FIRST 1 (a)');
});
