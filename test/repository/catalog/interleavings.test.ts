/**
 * Several writers, makers of snapshots and readers at once, in hundreds of orders, with writers killed and a clock that jumps by days: whatever was
 * done before a reader began is what it sees. HOLDFAST_CATALOG_SEEDS=N for more orders, HOLDFAST_CATALOG_SEED=S for one of them again.
 */
import { randomBytes } from 'node:crypto';
import type { BackupHead } from '../../../domain/backup';
import { listEveryHead, listHeads, usableSnapshot } from '../../../repository/catalog/listing';
import { draftSnapshot, makeSnapshot, putDraft } from '../../../repository/catalog/renew';
import type { RepositoryCopy } from '../../../repository/copy';
import { deriveRepositoryKeys } from '../../../repository/crypto/keys';
import { putHead, removeHead } from '../../../repository/heads';
import { randomBy, Shuffle, ShuffledStore } from './shuffled-store';

const seeds = Number(process.env['HOLDFAST_CATALOG_SEEDS'] ?? 400);
const only = process.env['HOLDFAST_CATALOG_SEED'];
const keys = deriveRepositoryKeys(randomBytes(32));
const day = 24 * 3_600_000;
const ids = Array.from({ length: 6 }, (_, number) => `shop_full_2026010${number}_000000`);

/** The states of one backup, which has one writer: 0 is no head. */
interface Life {
  begun: number[];
  /** The last one that was done. */
  done: number;
}

class Game {
  readonly random: (below: number) => number;
  readonly shuffle: Shuffle;
  readonly ended: string[] = [];
  readonly wrong: string[] = [];
  snapshots = 0;
  private version = 0;
  private readonly lives = new Map<string, Life>(ids.map((id) => [id, { begun: [0], done: 0 }]));

  constructor(seed: number) {
    this.random = randomBy(seed);
    this.shuffle = new Shuffle(this.random);
  }

  copyOf(actor: string): RepositoryCopy {
    const store = new ShuffledStore(this.shuffle, actor);
    return { store, repositoryId: 'r', system: 'shop', keys, encrypted: true };
  }

  async write(actor: string, own: string[]): Promise<void> {
    const copy = this.copyOf(actor);
    for (let change = 0; change < 5; change++) {
      const id = own[this.random(own.length)] as string;
      const life = this.lifeOf(id);
      const state = this.random(4) === 0 ? 0 : ++this.version;
      const number = life.begun.push(state) - 1;
      if (state === 0) await removeHead(copy, id);
      else await putHead(copy, headOf(id, state));
      life.done = number;
    }
    this.ended.push(actor);
  }

  async read(actor: string): Promise<void> {
    const copy = this.copyOf(actor);
    for (let look = 0; look < 4; look++) {
      const before = ids.map((id) => this.lifeOf(id).done);
      const { heads } = await listHeads(copy);
      for (const [at, id] of ids.entries()) {
        const seen = heads.find((head) => head.id === id)?.bytes ?? 0;
        const allowed = this.lifeOf(id).begun.slice(before[at]);
        if (!allowed.includes(seen)) this.wrong.push(`${actor} sees ${seen} of ${id} and not one of ${allowed}`);
      }
    }
    this.ended.push(actor);
  }

  async snap(actor: string): Promise<void> {
    const copy = this.copyOf(actor);
    for (let round = 0; round < 4; round++) {
      const base = this.random(4) === 0 ? undefined : await usableSnapshot(copy);
      // As a rebuilding makes it, every other time.
      const make = async () => await putDraft(copy, await draftSnapshot(copy, undefined, { base, suspicious: true }));
      const outcome = this.random(2) === 0 ? make() : makeSnapshot(copy, undefined, base);
      if ((await outcome) === 'created') this.snapshots++;
    }
    this.ended.push(actor);
  }

  private lifeOf(id: string): Life {
    return this.lives.get(id) as Life;
  }
}

async function play(seed: number): Promise<number> {
  const game = new Game(seed);
  const { random, shuffle } = game;
  const actors = [
    game.write('w0', ids.slice(0, 2)),
    game.write('w1', ids.slice(2, 4)),
    game.write('w2', ids.slice(4)),
    ...['r0', 'r1'].map((name) => game.read(name)),
    ...['s0', 's1'].map((name) => game.snap(name)),
  ];
  const failed = Promise.all(actors).catch((error: unknown) => game.wrong.push(String(error)));
  const killAt = 20 + random(150);
  const dies = random(2) === 0;
  let steps = 0;
  await shuffle.run(() => {
    steps++;
    if (steps === killAt && dies) shuffle.kill('w1');
    shuffle.now += random(20) === 0 ? (random(5) - 2) * day : 1;
  });
  void failed;
  const survivors = ['r0', 'r1', 's0', 's1', 'w0', 'w2'];
  expect(game.ended.filter((name) => name !== 'w1').sort()).toEqual(survivors);
  // At rest every reader sees what the heads themselves say, also those of the writer that was killed.
  let answers: unknown[] = [];
  const last = game.copyOf('last');
  void (async () => {
    answers = [await listHeads(last), await listEveryHead(last)];
  })();
  await shuffle.run(() => undefined);
  expect(answers).toHaveLength(2);
  expect(answers[0]).toEqual(answers[1]);
  expect({ seed, wrong: game.wrong }).toEqual({ seed, wrong: [] });
  return game.snapshots;
}

function headOf(id: string, version: number): BackupHead {
  return {
    ...{ id, system: 'shop', site: 'dc01', type: 'full', status: 'completed', startedAt: '2026-01-01T00:00:00Z' },
    ...{ components: {}, bytes: version, storedBytes: 0, stores: ['shuffled'], location: 's3://shuffled' },
  };
}

test('a reader sees every change that was done before it began', async () => {
  const chosen = only === undefined ? Array.from({ length: seeds }, (_, seed) => seed) : [Number(only)];
  let snapshots = 0;
  for (const seed of chosen) snapshots += await play(seed);
  expect(snapshots).toBeGreaterThan(chosen.length);
}, 300_000);
