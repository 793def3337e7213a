/**
 * The network is cut under load: between the agent and the store, and between the receiver and the server. It refuses, or it swallows
 * everything and tells nobody. No gap, and a time inside a cut is restored with all that was committed before it.
 */
import { parseInstant } from '../../domain/instant';
import { type LedgerRow, steadyInstant } from '../real/load';
import { Network, type SeenCut } from './network';

/** A swallowed one must be longer than it takes until our own time limits act: 7 s of a request, 15 s of the server. */
const seconds = Number(process.env['HOLDFAST_TEST_OUTAGE_SECONDS'] ?? 0);

let network: Network;
let ledger: LedgerRow[];
const seen: Record<string, SeenCut> = {};

beforeAll(async () => {
  network = await Network.create({ mode: 'async' });
  seen['refused store'] = await network.cut({ what: 'store', how: 'refused', seconds: seconds || 4 });
  seen['swallowing store'] = await network.cut({ what: 'store', how: 'swallowed', seconds: seconds || 12 }, whatIsTold);
  seen['swallowing server'] = await network.cut({ what: 'server', how: 'swallowed', seconds: seconds || 20 });
  ledger = await network.settle();
}, 400_000);
afterAll(() => network?.destroy());

/** While nothing comes through to the store. */
async function whatIsTold(cut: Network): Promise<void> {
  const told = await cut.system.until(async () => {
    const [store] = (await cut.shipper()).stores ?? [];
    return store?.trouble === undefined ? undefined : store;
  }, 90_000);
  expect(told.trouble).toMatch(/^the store answered /);
  expect(told.lagBytes).toBeGreaterThan(0);
  expect(told.lagSeconds).toBeGreaterThan(1);
}

test('the load went on, and the server said what it kept for us, and for how long it can', () => {
  for (const cut of Object.values(seen)) expect(cut.commits).toBeGreaterThan(100);
  expect(seen['swallowing store']).toMatchObject({ hoursLeft: expect.any(Number) });
  expect(seen['swallowing store']?.retainedBytes).toBeGreaterThan(0);
});

test('no gap', async () => {
  expect(await network.intervalsAndGaps()).toEqual([1, 0]);
});

test.each(['swallowing store', 'swallowing server'])(
  'a time while it was cut off (%s): all committed before it',
  async (cut) => {
    const at = steadyInstant(ledger, parseInstant(seen[cut]?.middle as string));
    const { found, wanted } = await network.restoredAt(at, ledger);
    expect(wanted.length).toBeLessThan(ledger.length);
    expect(found).toEqual(wanted);
  },
  120_000,
);
