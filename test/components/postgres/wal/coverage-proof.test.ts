import { CoverageProof } from '../../../../components/postgres/wal/coverage-proof';

test('one answer proves nothing: WAL may be flushed and not sent', () => {
  const proof = new CoverageProof();
  proof.answer(100n, 1n);
  expect(proof.newest(1000n)).toBeUndefined();
});

test('a second answer with the same end proves the first one’s time, not its own', () => {
  const proof = new CoverageProof();
  proof.answer(100n, 1n);
  proof.answer(100n, 2n);
  expect(proof.newest(100n)).toEqual({ lsn: 100n, serverTime: 1n });
});

test('an answer that moved on without WAL between proves nothing of the one before', () => {
  const proof = new CoverageProof();
  proof.answer(100n, 1n);
  proof.answer(200n, 2n);
  expect(proof.newest(1000n)).toBeUndefined();
});

test('WAL after an answer says how far that time reached, and counts only once it is stored', () => {
  const proof = new CoverageProof();
  proof.answer(100n, 1n);
  proof.wal(500n);
  expect(proof.newest(499n)).toBeUndefined();
  expect(proof.newest(500n)).toEqual({ lsn: 500n, serverTime: 1n });
});

test('marks that every store has passed are forgotten, except the newest', () => {
  const proof = new CoverageProof();
  for (const [index, lsn] of [100n, 200n, 300n].entries()) {
    proof.answer(lsn - 50n, BigInt(index));
    proof.wal(lsn);
  }
  proof.forget(250n);
  expect(proof.newest(150n)).toBeUndefined();
  expect(proof.newest(250n)?.lsn).toBe(200n);
  expect(proof.newest(300n)?.lsn).toBe(300n);
});
