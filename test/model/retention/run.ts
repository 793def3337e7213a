/** Carries out a sequence, and lets the judges look whenever retention has run. */
import type { BackupHead } from '../../../domain/backup';
import { isBeingRemoved } from '../../../repository/leases';
import { headKey } from '../../../repository/names';
import { withProof } from '../../../repository/proofs';
import { getPlan } from '../../../repository/retention/plans';
import type { MemoryStore } from '../../support/memory-store';
import { sites } from './config';
import type { Fault } from './faults';
import { freeze } from './freeze';
import { judge } from './judge';
import { moveDown } from './moves';
import { backUp, beginRestore, copyAcross, endRestore, type Order, renewRestores, unfinished } from './procedures';
import { applyRetention, type Outcome, type Run } from './retention';
import type { Sequence, Step } from './sequence';
import { fingerprint, look } from './snapshot';
import { day, minute, World } from './world';

/** @returns what should not have happened */
export async function runSequence({ setup, steps }: Sequence, fault?: Fault): Promise<string[]> {
  const sequence = new Running(new World(setup), fault);
  for (const step of steps) {
    await sequence.step(step);
    if (sequence.faults.length > 0) return sequence.faults;
  }
  await sequence.settle();
  return sequence.faults;
}

class Running {
  readonly faults: string[] = [];

  constructor(
    private readonly world: World,
    private readonly fault: Fault | undefined,
  ) {}

  async step({ kind, a, b }: Step): Promise<void> {
    const { world } = this;
    await this.wait(1);
    const site = siteOf(b);
    switch (kind) {
      case 'wait':
        return await this.wait(30 + (a % 12) * 180);
      case 'days pass':
        // Whatever was the newest is one of the old.
        await this.wait((1 + (a % 6)) * 24 * 60);
        return void (await backUp(world, this.order(a, b, false)));
      case 'full':
      case 'incremental':
        return void (await backUp(world, this.order(a, b, kind === 'incremental')));
      case 'point':
        return void (await backUp(world, { ...this.order(a, b, true), tier: 'points', point: true }));
      case 'future':
        return void (await backUp(world, { ...this.order(a, b, false), ahead: (3 + (a % 400)) * day }));
      case 'failed':
        return await unfinished(world, this.order(a, b, false), 'failed');
      case 'abandoned':
        return await unfinished(world, this.order(a, b, false), 'creating');
      case 'upgrade':
        return world.database(site).upgrade(world.now);
      case 'promote':
        return world.database(site).promote(world.now);
      case 'rewind':
        return this.rewind(site, a);
      case 'clock':
        world.jump = [0, 2 * day, -2 * day][a % 3] ?? 0;
        return;
      case 'end restore':
        return await endRestore(world);
      case 'unpin':
        return await this.unpin(a, 'pins');
      case 'release':
        return await this.unpin(a, 'holds');
      case 'move':
        return await moveDown(world, site, a % 4 === 0 ? a % 3 : Number.POSITIVE_INFINITY);
      case 'copy':
      case 'restore':
      case 'pin':
      case 'hold':
      case 'prove':
      case 'find wrong':
      case 'lock':
        return await this.withBackup(kind, a, b);
      default:
        return await this.retention(kind, a, b);
    }
  }

  /** In the end nobody needs anything, and time goes on: what was begun comes to its end. */
  async settle(): Promise<void> {
    const { world } = this;
    while (world.restores.length > 0) await endRestore(world);
    for (let at = 0; world.pinned.size > 0; at++) await this.unpin(at, 'pins');
    for (let at = 0; world.held.size > 0; at++) await this.unpin(at, 'holds');
    world.jump = 0;
    for (const site of sites) {
      await this.apply({ site }, false);
      await this.wait(5 * 24 * 60);
      await this.apply({ site }, true);
      for (const store of world.stores) {
        for (const { id, status, site: of } of world.heads(store))
          if (of === site && (status === 'failed' || status === 'creating'))
            this.faults.push(`${id} is ${status} for ever`);
      }
    }
  }

  private async wait(minutes: number): Promise<void> {
    this.world.wait(minutes);
    await renewRestores(this.world);
  }

  private order(a: number, b: number, incremental: boolean): Order {
    const { stores } = this.world;
    const tier = a % 7 === 0 ? 'law' : a % 3 === 1 ? 'other' : 'daily';
    return {
      site: siteOf(b),
      tier,
      incremental,
      filesOnly: a % 6 === 5,
      stores: b % 3 === 0 ? stores.slice(0, 1) : stores,
    };
  }

  /** A restore in place, to where a backup ended. */
  private rewind(site: string, a: number): void {
    const { world } = this;
    const database = world.database(site);
    const store = world.stores[0] as MemoryStore;
    const ends = world.heads(store).flatMap(({ id, status, databases }) => {
      const truth = world.truths.get(id);
      const usable = truth && status === 'completed' && databases && truth.site === site;
      return usable && database.leads(truth.end, database.position) ? [truth.end] : [];
    });
    const end = ends[a % Math.max(1, ends.length)];
    if (end && end.timeline === database.timeline) database.promote(world.now, end.lsn);
  }

  private async withBackup(kind: OfBackup, a: number, b: number): Promise<void> {
    const { world } = this;
    const at = b % world.stores.length;
    const store = world.stores[at] as MemoryStore;
    const heads = world.heads(store).filter(({ status }) => status === 'completed');
    // What may not be deleted is mostly old.
    const old = a % 3 > 0 && (kind === 'hold' || kind === 'lock');
    const head = heads[old ? 0 : a % Math.max(1, heads.length)];
    if (!head) return;
    if (kind === 'prove') await this.prove(store, [head, newest(heads) ?? head]);
    else if (kind === 'find wrong')
      await this.verify('wrong', store, newest(heads.filter(({ provenAt }) => provenAt !== undefined)) ?? head);
    else if (kind === 'lock') await world.putHead(store, { ...head, lock: this.lock(b) });
    else if (kind === 'pin') await this.pin(head, 'pins');
    else if (kind === 'hold') await this.pin(head, 'holds');
    else if (kind === 'copy') {
      const other = world.stores[1 - at];
      if (other) await copyAcross(world, head, store, other);
    } else if (!(await beginRestore(world, head, store)) && !world.unfinished)
      this.faults.push(`a restore of ${head.id}, which is offered, was refused`);
  }

  /** As a sample takes them: any of them, and the newest. */
  private async prove(store: MemoryStore, heads: BackupHead[]): Promise<void> {
    for (const head of new Set(heads)) await this.verify('proven', store, head);
  }

  /** A test restore that went well, or checksums that were not right. */
  private async verify(found: 'proven' | 'wrong', store: MemoryStore, head: BackupHead): Promise<void> {
    const { world } = this;
    const at = new Date(world.now).toISOString();
    const said =
      found === 'proven'
        ? ({ level: 'test-restore', outcome: 'passed' } as const)
        : ({ level: 'quick', outcome: 'failed' } as const);
    await world.putHead(store, withProof(head, { ...said, at, seconds: 1 }));
    const key = `${store.name}/${head.id}`;
    world.shown.set(key, { ...world.shown.get(key), [found]: world.now });
  }

  private lock(b: number): BackupHead['lock'] {
    return { mode: 'compliance', until: new Date(this.world.now + (1 + (b % 20)) * day).toISOString() };
  }

  private async pin({ id }: BackupHead, kind: Sparing): Promise<void> {
    const { world } = this;
    for (const store of world.stores) if (await isBeingRemoved(world.copyOf(store), id)) return;
    const body = Buffer.from(JSON.stringify({ format: 1, backupId: id, by: 'somebody' }));
    for (const store of world.stores) await store.put(`retention/${kind}/${id}.json`, body);
    this.sparedBy(kind).add(id);
  }

  private async unpin(a: number, kind: Sparing): Promise<void> {
    const spared = [...this.sparedBy(kind)];
    const id = spared[a % Math.max(1, spared.length)];
    if (id === undefined) return;
    for (const store of this.world.stores) await store.delete([`retention/${kind}/${id}.json`]);
    this.sparedBy(kind).delete(id);
  }

  private sparedBy(kind: Sparing): Set<string> {
    return kind === 'pins' ? this.world.pinned : this.world.held;
  }

  private async retention(kind: Step['kind'], a: number, b: number): Promise<void> {
    const site = siteOf(b);
    switch (kind) {
      case 'apply cut':
        return await this.apply({ site, life: { changes: a % 14, turns: () => 0 } }, false);
      case 'apply twice':
        return await this.together({ site }, a, (turns) => this.go({ site, life: turns }));
      case 'apply beside a backup': {
        const order = this.order(a, b, true);
        return await this.together({ site }, a, ({ turns }) => {
          const pause = async () => {
            for (let turn = 40 * turns(); turn > 0; turn--) await Promise.resolve();
          };
          return pause().then(() => backUp(this.world, { ...order, pause }));
        });
      }
      case 'apply with an age':
        return await this.apply({ site, age: (1 + (a % 3)) * day }, true);
      case 'apply half blind':
        return await this.apply({ site, hides: await this.hidden(site, a) }, false, true);
      case 'apply by a wrong clock':
        return await this.apply({ site, offset: (a % 2 === 0 ? 1 : -1) * 6 * minute }, false, true);
      default:
        return await this.apply({ site }, true);
    }
  }

  /** So many of those that were there the last time that it shows. */
  private async hidden(site: string, a: number): Promise<(key: string) => boolean> {
    const store = this.world.stores[0] as MemoryStore;
    const plan = await getPlan(this.world.copyOf(store), site).catch(() => undefined);
    const known = plan?.plans.find((one) => one.store === store.name)?.known ?? [];
    const first = a % Math.max(1, known.length);
    const hidden = new Set(known.slice(first, first + 1 + Math.floor(known.length / 5)).map(headKey));
    return (key) => hidden.has(key);
  }

  private async apply(run: Run, twice: boolean, mayRefuse = false): Promise<void> {
    await this.judged(run, mayRefuse, () => this.go(run));
    if (!twice || this.faults.length > 0) return;
    const before = fingerprint(this.world);
    await this.go(run);
    if (fingerprint(this.world) !== before) this.faults.push('a second run of retention changed something');
    this.faults.push(...(await freeze(this.world, run.site, this.fault)));
  }

  private async together(
    run: Run,
    a: number,
    other: (life: { changes: number; turns: () => number }) => Promise<unknown>,
  ) {
    const life = (seed: number) => ({ changes: Number.POSITIVE_INFINITY, turns: turnsOf(seed) });
    await this.judged(run, false, async () => {
      const [outcome] = await Promise.all([this.go({ ...run, life: life(a) }), other(life(a * 7 + 3))]);
      return outcome;
    });
  }

  private async go(run: Run): Promise<Outcome> {
    const outcome = await applyRetention(this.world, { ...run, fault: this.fault });
    if (outcome === 'killed') this.world.unfinished = true;
    if (outcome === 'done') this.world.unfinished = false;
    return outcome;
  }

  private async judged({ site, age }: Run, may: boolean, act: () => Promise<Outcome>): Promise<void> {
    const before = look(this.world);
    const mayRefuse = may || before.every(({ heads }) => heads.size === 0);
    const outcome = await act();
    this.faults.push(...judge(this.world, { site, age, outcome, before, after: look(this.world), mayRefuse }));
  }
}

function newest(heads: BackupHead[]): BackupHead | undefined {
  return heads.toSorted((one, other) => (one.startedAt < other.startedAt ? -1 : 1)).at(-1);
}

type Sparing = 'pins' | 'holds';
type OfBackup = 'copy' | 'restore' | 'pin' | 'hold' | 'prove' | 'find wrong' | 'lock';

function siteOf(b: number): string {
  return b % 5 === 0 ? 'dc02' : 'dc01';
}

/** A row of small numbers that looks like chance, and is the same each time. */
function turnsOf(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor(state / 65_536) % 4;
  };
}
