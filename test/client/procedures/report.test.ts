import { describeResult, exitOf } from '../../../client/procedures/report';
import { outcomeOf } from '../../../client/procedures/run';
import type { ProcedureResult } from '../../../domain/progress';

const done: ProcedureResult = {
  procedure: 'backup',
  workflowId: 'backup/shop/dc01',
  status: 'completed',
  backupId: 'shop_full_20260101_000000',
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: '2026-01-01T00:01:30.000Z',
  seconds: 90,
  bytes: 2 ** 30,
  storedBytes: 2 ** 28,
  receipt: 'receipts/0000000001.json',
  warnings: [],
};
const failed: ProcedureResult = {
  ...done,
  status: 'failed',
  error: { code: 'store_full', message: 'the store is full', hints: [] },
};

beforeEach(() => {
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => jest.restoreAllMocks());

test.each([
  ['completed', done, 0],
  ['failed while it ran', failed, 1],
  ['refused', { ...failed, error: { code: 'wrong_system', message: 'x', hints: [] } } as ProcedureResult, 2],
  ['aborted', { ...done, status: 'aborted' } as ProcedureResult, 130],
])('exit code of a procedure that was %s', (_, result, exit) => {
  expect(exitOf(result)).toBe(exit);
});

test('one procedure is one document, several are a list, and the worst decides the exit code', () => {
  expect(outcomeOf([done], false)).toMatchObject({ json: done, exit: 0 });
  const several = outcomeOf([done, failed], true);
  expect(several.exit).toBe(1);
  expect(several.json).toHaveLength(2);
});

test('the error of a failed procedure is in its document and on stderr', () => {
  const { json } = outcomeOf([failed], false);
  expect(json).toMatchObject({
    status: 'failed',
    error: { code: 'store_full', message: 'the store is full', where: null, hints: [] },
  });
  expect(process.stderr.write).toHaveBeenCalledWith('error: the store is full\n');
});

test('a procedure that goes on is no failure', () => {
  const outcome = outcomeOf([{ procedure: 'backup', workflowId: 'backup/shop/dc01', status: 'in_progress' }], false);
  expect(outcome).toMatchObject({ exit: 0, json: { status: 'in_progress', workflowId: 'backup/shop/dc01' } });
});

test('what people read', () => {
  expect(
    describeResult({ ...done, recoveryPoint: '2026-01-01T00:01:00Z', warnings: ['a file changed'] }).split('\n'),
  ).toEqual([
    'backup completed: shop_full_20260101_000000 in 1m 30s',
    '  1.0 GiB, 256.0 MiB stored',
    '  recovery point 2026-01-01T00:01:00Z',
    '  receipt receipts/0000000001.json',
    '  warning: a file changed',
  ]);
});

test('what a sample and a recovery test found is told line by line', () => {
  const { bytes: _, backupId: __, ...plain } = done;
  const sample = [{ what: 'shop_full_20260101_000000 in hot (latest)', verdict: 'could_not_run' }];
  expect(describeResult({ ...plain, procedure: 'verify sample', details: { sample } })).toContain(
    '\n  could not run: shop_full_20260101_000000 in hot (latest)\n',
  );
  const scenarios = [{ scenario: 'full_recovery', status: 'proved', seconds: 7.25, backupId: 'shop_full_1' }];
  expect(describeResult({ ...plain, procedure: 'recovery test', details: { recoveryTest: { scenarios } } })).toContain(
    '\n  proved: full_recovery of shop_full_1 in 7.3 s\n',
  );
});

test('a run of moves that found nothing old enough says so, and another does not', () => {
  const moves = { ...done, procedure: 'move backups' };
  expect(describeResult({ ...moves, details: { due: 0 } })).toContain('\n  nothing is old enough to move\n');
  expect(describeResult({ ...moves, details: { due: 3 } })).not.toContain('nothing');
});

test('a replication that found nothing to do says so', () => {
  expect(describeResult({ ...done, procedure: 'replicate backups', copies: [] })).toContain(
    '\n  no copy was missing\n',
  );
});
