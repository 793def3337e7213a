/** The host is lost under load: PostgreSQL, its directory and the agent. What comes back from the bucket alone? */
import { type Doom, loseHost, type Survived } from './host-destroyed';

const busy = { clients: 6, pauseMs: 0 };
const quiet = { clients: 1, pauseMs: 500 };

const seed = Number(process.env['HOLDFAST_TEST_SEED'] ?? Math.floor(Math.random() * 1000));

async function lose(doom: Omit<Doom, 'seed'>): Promise<Survived> {
  const survived = await loseHost({ ...doom, seed });
  process.stderr.write(`host destroyed, ${JSON.stringify({ ...doom, seed, ...survived })}\n`);
  return survived;
}

test('sync under load: no commit that came back is lost', async () => {
  const survived = await lose({ mode: 'sync', ...busy });
  expect(survived).toMatchObject({ lost: 0 });
  expect(survived.acknowledged).toBeGreaterThan(20);
}, 180_000);

test('sync on a quiet system: no commit that came back is lost', async () => {
  const survived = await lose({ mode: 'sync', ...quiet });
  expect(survived).toMatchObject({ lost: 0 });
  expect(survived.acknowledged).toBeGreaterThan(1);
}, 180_000);

test('async at its fastest: the loss is measured, and far below the half minute that whole segments would cost', async () => {
  const survived = await lose({ mode: 'async', interval: '0ms', ...busy });
  expect(survived.acknowledged).toBeGreaterThan(20);
  expect(survived.lostMs).toBeLessThan(5000);
}, 180_000);
