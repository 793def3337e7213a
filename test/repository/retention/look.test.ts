import { takeLease } from '../../../repository/leases';
import { headKey } from '../../../repository/names';
import { lookAtStore } from '../../../repository/retention/look';
import { folder, makeBackup, open, removeAll } from '../made';

afterAll(removeAll);

const id = 'shop_full_20260101_000000';

async function copy() {
  return (await open({ roots: [await folder()], keySource: { kind: 'none' } })).copy();
}

test('a store that lists nothing holds backups when their objects are there, with or without heads', async () => {
  const store = await copy();
  await makeBackup(store, id);
  expect(await lookAtStore(store)).toMatchObject({ heads: [{ id }], holdsBackups: true });
  await store.store.delete([headKey(id)]);
  expect(await lookAtStore(store)).toMatchObject({ heads: [], holdsBackups: true });
});

test('what is just being copied into an empty store has no head yet, and lost none', async () => {
  const store = await copy();
  await makeBackup(store, id);
  await store.store.delete([headKey(id)]);
  await takeLease(store, { backupId: id, kind: 'copy', holder: 'replicate/shop', ms: 60_000 });
  expect(await lookAtStore(store)).toMatchObject({ heads: [], holdsBackups: false });
  await store.store.put('backups/shop_full_20250101_000000/sealed', Buffer.from('{}'));
  expect(await lookAtStore(store)).toMatchObject({ heads: [], holdsBackups: true });
});

test('one that was never copied to holds none, though it has the receipts of all procedures', async () => {
  const store = await copy();
  await store.store.put(`backups/${id}/receipt.json`, Buffer.from('{}'));
  expect(await lookAtStore(store)).toMatchObject({ heads: [], holdsBackups: false });
});
