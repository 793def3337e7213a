import { shownSlot, slotSays } from '../../../client/procedures/slot-says';

const mib = 1024 ** 2;
const says = (more: object) =>
  slotSays('database (dc01)', { retainedBytes: 900 * mib, status: 'reserved', hoursLeft: 100, ...more });
const nothing = { problems: [], warnings: [] };

test('a slot that its server gives up is a problem', () => {
  expect(says({ status: 'lost' }).problems).toEqual([expect.stringContaining('its slot is lost')]);
  expect(says({ status: 'unreserved' }).problems).toHaveLength(1);
});

test('hours left are told below a day, and fail below an hour', () => {
  expect(says({})).toEqual(nothing);
  expect(says({ hoursLeft: 5 }).warnings).toEqual([
    'the server keeps 900.0 MiB of WAL for database (dc01), and has room for 5.0 h more at the present rate',
  ]);
  expect(says({ hoursLeft: 0.5 }).problems).toHaveLength(1);
});

test('WAL that waits no longer than usual fills no disk', () => {
  expect(says({ hoursLeft: 0.5, retainedBytes: 10 * mib })).toEqual(nothing);
  expect(slotSays('database (dc01)', undefined)).toEqual(nothing);
});

test('as a table shows it', () => {
  expect(shownSlot({ retainedBytes: 900 * mib, status: 'reserved', hoursLeft: 5.04 })).toEqual(['900.0 MiB', '5.0']);
  expect(shownSlot({ retainedBytes: 0, status: 'reserved' })[1]).toBe('');
});
