/** The store that the model checker of retention runs against keeps what every store promises. */
import { MemoryStore } from '../../support/memory-store';
import { storePromises } from './conformance';

const only = new MemoryStore('tested');

describe('a store in memory, as every store', () => storePromises(() => only));

test('its clock is the one that it is told', async () => {
  const store = new MemoryStore('told', () => 86_400_000);
  await store.put('a', Buffer.from('x'));
  expect((await store.clock()).toISOString()).toBe('1970-01-02T00:00:00.000Z');
  expect((await store.head('a'))?.modified.getTime()).toBe(86_400_000);
});
