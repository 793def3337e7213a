/** A pin and an expiry that meet: whoever comes last sees the other, and the backup is offered. */
import type { Decision } from '../../../domain/retention/types';
import type { RepositoryCopy } from '../../../repository/copy';
import { getHead } from '../../../repository/heads';
import { announceRemoval } from '../../../repository/leases';
import { putHold, putPin } from '../../../repository/pins';
import { expireBackups } from '../../../repository/retention/expire';
import { lookAtStore } from '../../../repository/retention/look';
import { offerSpared } from '../../../repository/retention/offer-spared';
import { folder, makeBackup, open, removeAll } from '../made';
import { stalling } from './stalling';

const [pinned, other] = ['shop_full_20260101_000000', 'shop_full_20260102_000000'] as const;
const decisions = [pinned, other].map(
  (backupId): Decision => ({ backupId, action: 'expire', reasons: [{ kind: 'none' }] }),
);

let copy: RepositoryCopy;

beforeEach(async () => {
  copy = (await open({ roots: [await folder()], keySource: { kind: 'none' } })).copy();
  for (const id of [pinned, other]) await makeBackup(copy, id);
});
afterAll(removeAll);

test.each([
  ['pinned', putPin],
  ['put on hold', putHold],
])('what was %s after the last look stays offered', async (_, put) => {
  const stall = stalling(copy, 1, async () => {
    await put(copy, { backupId: pinned, by: 'me' });
  });
  const decide = async () => {
    stall.begin('put');
    return decisions;
  };
  const expired = await expireBackups(stall.copy, { planned: new Set([pinned, other]), decide });
  expect(expired).toEqual([other]);
  expect((await getHead(copy, pinned)).status).toBe('completed');
  expect((await getHead(copy, other)).status).toBe('expired');
});

test('who is killed between his two writes leaves what is pinned as expired, and the next run offers it again', async () => {
  await putPin(copy, { backupId: pinned, by: 'me' });
  // Of one write there are three requests: the mark, the history, the head.
  const killed = stalling(copy, 4, () => Promise.reject(new Error('killed')));
  const expiring = expireBackups(killed.copy, {
    planned: new Set([pinned]),
    decide: () => {
      killed.begin('put');
      return decisions;
    },
  });
  await expect(expiring).rejects.toThrow('killed');
  expect((await getHead(copy, pinned)).status).toBe('expired');

  expect(await expireBackups(copy, { planned: new Set([other]), decide: () => decisions })).toEqual([other]);
  const offer = async () => await offerSpared(copy, await lookAtStore(copy), { site: 'dc01', holder: 'the next run' });
  expect(await offer()).toEqual([pinned]);
  expect(await getHead(copy, pinned)).toMatchObject({ status: 'completed' });
  expect((await getHead(copy, pinned)).expiredAt).toBeUndefined();
  expect((await getHead(copy, other)).status).toBe('expired');
  expect(await offer()).toEqual([]);
});

test('what is being removed is not offered again, whoever pinned it', async () => {
  expect(await expireBackups(copy, { planned: new Set([other]), decide: () => decisions })).toEqual([other]);
  await announceRemoval(copy, other, 'a remover');
  await putPin(copy, { backupId: other, by: 'me' });
  expect(await offerSpared(copy, await lookAtStore(copy), { site: 'dc01', holder: 'the next run' })).toEqual([]);
  expect((await getHead(copy, other)).status).toBe('expired');
});
