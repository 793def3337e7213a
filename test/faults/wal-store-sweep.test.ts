/**
 * WAL that retention lets go, and WAL that a copy brings there again, with one fault of the store at each of their requests. Beside `store-sweep`, which leaves
 * out what the shipper asks all the time: nothing is shipped here, so that every request is the procedure's own. A sample of them; `HOLDFAST_TEST_FAULTS=all`: every
 * kind of fault at every one.
 */
import { randomBytes } from 'node:crypto';
import { isHoldfastError } from '../../domain/errors';
import { Repository } from '../../repository/repository';
import { openStore } from '../../repository/stores/open';
import { WalArchive } from '../../repository/wal/archive';
import { walObjects } from '../../repository/wal/bind';
import { removeWal } from '../../repository/wal/remove';
import { copyWal } from '../../repository/wal/replicate';
import { FaultyS3, type StoreFault, storeFaults } from '../support/faulty-s3';
import { type S3Server, startS3Server } from '../support/s3-server';
import { sampleOf } from './kill-points';

const size = 64 * 1024;
const at = (segment: number) => BigInt(segment * size);
const segments = [1n, 2n, 3n, 4n, 5n].map((segment) => ({ segment, bytes: randomBytes(size) }));
const all = process.env['HOLDFAST_TEST_FAULTS'] === 'all';
const seed = Number(process.env['HOLDFAST_TEST_SEED'] ?? 7);
const each = 12;
/** Two attempts of seven seconds each. */
const quick = storeFaults.filter((fault) => fault !== 'timeout');

let server: S3Server;
let faulty: FaultyS3;
let repository: Repository;
let systems = 0;

beforeAll(async () => {
  server = await startS3Server();
  faulty = await FaultyS3.before(server.endpoint, () => true);
  const { bucket, accessKeyId, secretAccessKey } = server;
  const store = (name: string) =>
    openStore(name, { kind: 's3', endpoint: faulty.endpoint, prefix: name, bucket, accessKeyId, secretAccessKey });
  const stores = [store('near'), store('far')];
  repository = await Repository.open({ stores, keySource: { kind: 'none' }, system: 'shop', create: true });
});

afterAll(async () => {
  await repository?.close();
  await faulty?.close();
  await server?.stop();
});

/** WAL of a server of its own, whole in both stores. */
class Wal {
  private readonly systemIdentifier = String(7_000_000_000_000_000_000n + BigInt(++systems));
  private attempts = 0;

  async begin(): Promise<this> {
    for (const name of ['near', 'far']) {
      const marker = { systemIdentifier: this.systemIdentifier, major: 15, segmentSize: size };
      const archive = await WalArchive.begin(walObjects(repository), repository.copy(name).store, marker);
      for (const { segment, bytes } of segments) await archive.putSegment(1, segment, bytes);
      await archive.writeCoverage(1, { lsn: at(6), serverTime: 5n });
    }
    return this;
  }

  async letGo(): Promise<void> {
    const remover = `attempt ${++this.attempts}`;
    const windows = [{ timeline: 1, from: at(4) }];
    await removeWal(repository.copy('far'), await this.read('far'), { windows, spans: [], remover });
  }

  async bringBack(): Promise<void> {
    const span = { timeline: 1, from: at(2) + 100n, to: at(3) + 10n };
    await copyWal(await this.read('near'), await this.read('far'), span);
  }

  /** What a reader sees, what is said to be gone, and what is really there. */
  async state(): Promise<unknown> {
    const archive = await this.read('far');
    const seen = new Set((await archive.pieces(1)).map(({ segment }) => Number(segment)));
    let stored = 0;
    for await (const { key, bytes } of repository.copy('far').store.list('wal/'))
      if (key.includes(this.systemIdentifier) && bytes >= size) stored += 1;
    return { seen: [...seen], removed: await archive.removed(), stored };
  }

  private async read(name: string): Promise<WalArchive> {
    const archive = await WalArchive.open(walObjects(repository), repository.copy(name).store, this.systemIdentifier);
    if (archive === undefined) throw new Error(`${name} has no WAL of ${this.systemIdentifier}`);
    return archive;
  }
}

interface Scene {
  prepare: (wal: Wal) => Promise<void>;
  work: (wal: Wal) => Promise<void>;
}

const letGo: Scene = { prepare: async () => undefined, work: (wal) => wal.letGo() };
const bringBack: Scene = { prepare: (wal) => wal.letGo(), work: (wal) => wal.bringBack() };

async function prepared({ prepare }: Scene): Promise<Wal> {
  const wal = await new Wal().begin();
  await prepare(wal);
  return wal;
}

/** Fails with an error upon which the engine tries again, or is done; the next attempt ends in the same state, and one more changes nothing. */
async function disturbed(scene: Scene, fault: StoreFault, nth: number): Promise<unknown> {
  const wal = await prepared(scene);
  faulty.arm(fault, nth);
  const error: unknown = await scene.work(wal).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const where = faulty.happened ?? 'never';
  faulty.arm();
  if (error !== undefined && !(isHoldfastError(error) && error.retryable))
    return { fault, where, error: String(error) };
  if (error !== undefined) await scene.work(wal);
  const state = await wal.state();
  await scene.work(wal);
  return { happened: where !== 'never', state, again: await wal.state() };
}

test.each([
  ['let go', letGo, { seen: [4, 5], removed: new Map([[1, [{ from: 0n, to: at(4) }]]]), stored: 2 }],
  ['brought back', bringBack, { seen: [2, 3, 4, 5], removed: new Map([[1, [{ from: 0n, to: at(2) }]]]), stored: 4 }],
])(
  'whatever goes wrong at the store, WAL that is %s is so in the end, and nothing else is',
  async (_, scene, state) => {
    const undisturbed = await prepared(scene);
    faulty.arm();
    await scene.work(undisturbed);
    const requests = faulty.passed.length;
    expect(await undisturbed.state()).toEqual(state);
    expect(requests).toBeGreaterThan(10);
    const positions = Array.from({ length: requests }, (_, before) => before + 1);
    for (const nth of all ? positions : sampleOf(positions, each, seed)) {
      const faults = all ? storeFaults : [quick[nth % quick.length] as StoreFault];
      for (const fault of faults)
        expect(await disturbed(scene, fault, nth)).toEqual({ happened: true, state, again: state });
    }
  },
  600_000,
);
