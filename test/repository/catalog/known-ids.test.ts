/** Names for a hint cost a few requests, however many backups there are. */
import { randomBytes } from 'node:crypto';
import { knownIds } from '../../../repository/catalog/known-ids';
import { headBody } from '../../../repository/catalog/read';
import { makeSnapshot } from '../../../repository/catalog/renew';
import type { RepositoryCopy } from '../../../repository/copy';
import { deriveRepositoryKeys } from '../../../repository/crypto/keys';
import { putHead } from '../../../repository/heads';
import { headKey, snapshotsPrefix } from '../../../repository/names';
import { CountedStore } from './counted-store';
import { syntheticHead } from './synthetic-head';

const many = 300;

async function filled() {
  const store = new CountedStore();
  const keys = deriveRepositoryKeys(randomBytes(32));
  const copy: RepositoryCopy = { store, repositoryId: 'r', system: 'shop', keys, encrypted: true };
  const heads = Array.from({ length: many }, (_, number) => syntheticHead(copy, number));
  for (const head of heads) await store.put(headKey(head.id), headBody(head));
  await makeSnapshot(copy);
  const last = syntheticHead(copy, many);
  await putHead(copy, last);
  store.reset();
  return { store, copy, ids: [...heads, last].map(({ id }) => id) };
}

test('one snapshot is read, and what came since is known by its entry', async () => {
  const { store, copy, ids } = await filled();
  expect([...(await knownIds(copy))].sort()).toEqual(ids.sort());
  expect(store.asked).toMatchObject({ get: 1, put: 0, head: 0 });
  expect(store.asked.list).toBeLessThanOrEqual(3);
});

test('where there is no snapshot no head is read', async () => {
  const { store, copy, ids } = await filled();
  for await (const { key } of store.list(snapshotsPrefix)) await store.delete([key]);
  store.reset();
  expect([...(await knownIds(copy))].sort()).toEqual(ids.sort());
  expect(store.asked).toMatchObject({ get: 0, head: 0 });
});
