/** What is archived says so in its head, by two looks that agree; what expires, or is kept by a rule again, says it no more. */
import type { Decision } from '../../../domain/retention/types';
import type { RepositoryCopy } from '../../../repository/copy';
import { getHead, putHead } from '../../../repository/heads';
import { archiveBackups } from '../../../repository/retention/archive';
import { expireBackups } from '../../../repository/retention/expire';
import { folder, makeBackup, open, removeAll } from '../made';

const id = 'shop_full_20260101_000000';
const other = 'shop_full_20260102_000000';

let copy: RepositoryCopy;

beforeEach(async () => {
  copy = (await open({ roots: [await folder()], keySource: { kind: 'none' } })).copy();
  for (const one of [id, other]) await makeBackup(copy, one);
});
afterAll(removeAll);

const held = (backupId: string, archiving: Decision['archiving']): Decision => ({
  ...{ backupId, action: 'keep', reasons: [{ kind: 'hold', by: 'me' }] },
  ...(archiving && { archiving }),
});
const stage = (planned: string[], ...decisions: Decision[]) =>
  archiveBackups(copy, { planned: new Set(planned), decide: () => decisions });
const mark = async (one = id) => (await getHead(copy, one)).archived;

test('only what the plan chose and is seen so now is marked, once, and stays as it is besides', async () => {
  const { status, proofs, lock } = await getHead(copy, id);
  expect(await stage([id], held(id, 'begins'), held(other, 'begins'))).toEqual([id]);
  expect(await getHead(copy, id)).toMatchObject({ status, archived: { at: expect.stringMatching(/^\d{4}-/) } });
  expect(await getHead(copy, id)).toEqual({
    ...(await getHead(copy, id)),
    ...(proofs && { proofs }),
    ...(lock && { lock }),
  });
  expect(await mark(other)).toBeUndefined();
  const before = await mark();
  expect(await stage([id, other], held(id, 'begins'), held(other, undefined))).toEqual([]);
  expect([await mark(), await mark(other)]).toEqual([before, undefined]);
});

test('what an attempt marked that was cut off is told by the one that came after it', async () => {
  await stage([id], held(id, 'begins'));
  const { at: since = '' } = (await mark()) ?? {};
  const marked = { ...held(id, undefined), archived: { since } };
  expect(await stage([id, other], marked, held(other, 'begins'))).toEqual([id, other]);
});

test('the mark ends with what made it: a rule that keeps it again, or its expiry', async () => {
  await stage([id, other], held(id, 'begins'), held(other, 'begins'));
  expect(await stage([id], held(id, 'ends'))).toEqual([]);
  expect(await mark()).toBeUndefined();
  const expiring: Decision = { backupId: other, action: 'expire', reasons: [{ kind: 'none' }] };
  await expireBackups(copy, { planned: new Set([other]), decide: () => [expiring] });
  expect(await getHead(copy, other)).toMatchObject({ status: 'expired' });
  expect(await mark(other)).toBeUndefined();
});

test('what expired or is gone since the plan is left alone', async () => {
  await putHead(copy, { ...(await getHead(copy, id)), status: 'expired' });
  expect(await stage([id, 'gone'], held(id, 'begins'), held('gone', 'begins'))).toEqual([]);
  expect(await mark()).toBeUndefined();
});
