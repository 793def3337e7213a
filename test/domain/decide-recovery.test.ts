import { decideRecovery, type RecoveryRequest } from '../../domain/decide-recovery';
import type { TransactionEnd, WalFacts } from '../../domain/wal-facts';

function end(time: bigint, start: bigint, more: Partial<TransactionEnd> = {}): TransactionEnd {
  return { outcome: 'commit', xid: 10, time, start, end: start + 10n, ...more };
}

const facts: WalFacts = {
  ...{ from: 100n, storedTo: 1000n, end: 990n, lastRecord: 950n, transactions: 2 },
  ...{ first: end(60n, 300n), last: end(80n, 600n), restorePoints: [], tablespaces: [], enough: false },
};

function ask(request: Partial<RecoveryRequest>, found: Partial<WalFacts> = {}) {
  return decideRecovery({
    ...{ target: { kind: 'latest' }, inclusive: true, backup: { stopLsn: 200n, stopTime: 50n } },
    ...{ coverage: { lsn: 990n, serverTime: 90n }, ...request, facts: { ...facts, ...found } },
  });
}

function code(expected: string) {
  return expect.objectContaining({ code: expected });
}

const hole = { timeline: 1, segment: '000000010000000000000007', from: 1000n };

test('latest replays everything and says where a hole ends it', () => {
  expect(ask({})).toMatchObject({ tell: { kind: 'end-of-wal' }, warnings: [] });
  expect(ask({}, { hole }).warnings.join()).toContain(hole.segment);
});

test('a backup without its own WAL is refused whatever the target', () => {
  expect(() => ask({}, { end: 199n })).toThrow(code('wal_gap'));
  expect(() => ask({ target: { kind: 'end-of-backup' } }, { end: undefined })).toThrow(code('wal_gap'));
});

test('the end of the backup is told to PostgreSQL where a record follows it, and is the end of the WAL where none does', () => {
  const target = { kind: 'end-of-backup' } as const;
  expect(ask({ target }, { end: 200n }).tell).toEqual({ kind: 'end-of-wal' });
  expect(ask({ target }, { end: 201n }).tell).toEqual({ kind: 'consistent' });
});

test('a time with a later transaction is told to PostgreSQL', () => {
  const target = { kind: 'time', at: 70n } as const;
  const decision = ask({ target, inclusive: false }, { firstBeyond: end(80n, 600n), lastWithin: end(60n, 300n) });
  expect(decision).toMatchObject({ tell: { kind: 'time', at: 70n, inclusive: false }, lastTransaction: { time: 60n } });
});

test('a covered time without a later transaction is replayed to the end, and PostgreSQL is told no time', () => {
  expect(ask({ target: { kind: 'time', at: 90n } }).tell).toEqual({ kind: 'end-of-wal' });
});

test('a time after the coverage, or with no coverage, is out of range and the hint has the interval', () => {
  const target = { kind: 'time', at: 91n } as const;
  expect(() => ask({ target })).toThrow(code('timestamp_out_of_range'));
  expect(() => ask({ target: { kind: 'time', at: 90n }, coverage: undefined })).toThrow(code('timestamp_out_of_range'));
  expect(() => ask({ target })).toThrow(
    expect.objectContaining({
      hints: [expect.stringContaining('1970-01-01T00:00:00.000050Z to 1970-01-01T00:00:00.000090Z')],
    }),
  );
});

test('a mark that speaks of WAL which is not there covers nothing', () => {
  expect(() => ask({ target: { kind: 'time', at: 85n } }, { storedTo: 980n })).toThrow(code('wal_gap'));
});

test('a time before the end of the backup is out of range', () => {
  expect(() => ask({ target: { kind: 'time', at: 49n } })).toThrow(code('timestamp_out_of_range'));
  expect(() => ask({ target: { kind: 'time', at: 55n } }, { firstBeyond: end(60n, 150n) })).toThrow(
    code('timestamp_out_of_range'),
  );
});

test('a time behind a hole is a gap, not a time out of range', () => {
  expect(() => ask({ target: { kind: 'time', at: 85n } }, { hole })).toThrow(code('wal_gap'));
});

test('a position with a record at or behind it is told; at the very end nothing is', () => {
  expect(ask({ target: { kind: 'lsn', lsn: 950n } }).tell).toEqual({ kind: 'lsn', lsn: '0/3B6', inclusive: true });
  expect(ask({ target: { kind: 'lsn', lsn: 990n } }).tell).toEqual({ kind: 'end-of-wal' });
  expect(() => ask({ target: { kind: 'lsn', lsn: 991n } })).toThrow(code('target_not_found'));
  expect(() => ask({ target: { kind: 'lsn', lsn: 199n } })).toThrow(code('target_invalid'));
});

test('a name must be there, and after the backup', () => {
  const points = (start: bigint) => ({ restorePoints: [{ name: 'here', time: 60n, start, end: start + 8n }] });
  const target = { kind: 'name', name: 'here' } as const;
  expect(ask({ target }, points(300n)).tell).toEqual({ kind: 'name', name: 'here' });
  expect(() => ask({ target }, points(150n))).toThrow(code('target_invalid'));
  expect(() => ask({ target: { kind: 'name', name: 'there' } }, points(300n))).toThrow(
    expect.objectContaining({ code: 'target_not_found', hints: ['restore points here: here'] }),
  );
});

test('a transaction must end in the WAL, and one that was rolled back is said to be', () => {
  const target = { kind: 'xid', xid: 10 } as const;
  expect(ask({ target, inclusive: false }, { found: end(60n, 300n) }).tell).toEqual({
    kind: 'xid',
    xid: '10',
    inclusive: false,
  });
  expect(ask({ target }, { found: end(60n, 300n, { outcome: 'abort' }) }).warnings).toHaveLength(1);
  expect(() => ask({ target })).toThrow(code('target_not_found'));
  expect(() => ask({ target }, { hole })).toThrow(code('wal_gap'));
});
