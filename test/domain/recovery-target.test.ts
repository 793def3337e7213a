import { parseInstant } from '../../domain/instant';
import { parseTarget } from '../../domain/recovery-target';

const at = parseInstant('2026-11-22T14:30:00+00:00');

test.each([
  [undefined, { kind: 'latest' }],
  ['latest', { kind: 'latest' }],
  ['end-of-backup', { kind: 'end-of-backup' }],
  ['2026-11-22T14:30:00+00:00', { kind: 'time', at }],
  ['2026-11-22 15:30:00 Europe/Berlin', { kind: 'time', at }],
  ['2026-11-22 15:30 Europe/Berlin', { kind: 'time', at }],
  ['2026-11-22T14:30Z', { kind: 'time', at }],
  ['2026-11-22T16:30+02:00', { kind: 'time', at }],
  ['2026-11-22T09:30-05', { kind: 'time', at }],
  ['2026-11-22 before the migration', { kind: 'name', name: '2026-11-22 before the migration' }],
  ['time:2026-11-22T14:30:00Z', { kind: 'time', at }],
  ['0/16B374D', { kind: 'lsn', lsn: 0x16b374dn }],
  ['lsn:0/10', { kind: 'lsn', lsn: 16n }],
  ['before the migration', { kind: 'name', name: 'before the migration' }],
  ['name:0/10', { kind: 'name', name: '0/10' }],
  ['name:12345', { kind: 'name', name: '12345' }],
  ['12345', { kind: 'xid', xid: 12345 }],
  ['xid:4294967301', { kind: 'xid', xid: 5 }],
])('%j means %j', (text, target) => {
  expect(parseTarget(text)).toEqual(target);
});

test.each([
  '2026-11-22T14:30:00',
  '2026-11-22',
  '2026-11-22 14:30',
  '2026-11-22 14:30 CET',
  '2026-11-22 2pm',
  '2026-11-22T14:30.5Z',
  'time:yesterday',
  'lsn:17',
  'xid:abc',
  'xid:0',
  'name:',
  `name:${'x'.repeat(64)}`,
])('%j is refused', (text) => {
  expect(() => parseTarget(text)).toThrow(expect.objectContaining({ code: 'target_invalid' }));
});
