/** A pin and an expiry that meet: whoever comes last sees the other, and the backup is offered. */
import type { Decision } from '../../../domain/retention/types';
import type { RepositoryCopy } from '../../../repository/copy';
import { getHead } from '../../../repository/heads';
import { putHold, putPin } from '../../../repository/pins';
import { expireBackups } from '../../../repository/retention/expire';
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
