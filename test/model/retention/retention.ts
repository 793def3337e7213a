/** One run of retention in the model: the stages that ship, in the order in which the procedure calls them. */
import type { BackupHead } from '../../../domain/backup';
import type { Config } from '../../../domain/config/types';
import { isHoldfastError } from '../../../domain/errors';
import type { StorePlan } from '../../../domain/retention/types';
import type { RepositoryCopy } from '../../../repository/copy';
import { headsPrefix } from '../../../repository/names';
import { putPlan } from '../../../repository/retention/plans';
import {
  archiveStage,
  expireStage,
  makePlan,
  type RetentionRun,
  sweepStage,
  takeBackRemovals,
} from '../../../repository/retention/stages';
import { walStage } from '../../../repository/retention/wal-stage';
import type { GetOptions, Store } from '../../../repository/store';
import type { MemoryStore } from '../../support/memory-store';
import { CutStore, immortal, Killed, type Life } from './cut-store';
import type { Fault } from './faults';
import { ImaginingStore } from './imagining-store';
import { removeWal } from './wal';
import type { World } from './world';

export interface Run {
  site: string;
  age?: number;
  life?: Life;
  fault?: Fault;
  /** Keys that this run does not get to see. */
  hides?: (key: string) => boolean;
  /** How wrong the first store's clock is. */
  offset?: number;
}

export type Outcome = 'done' | 'killed' | { refused: string };

export async function applyRetention(world: World, run: Run): Promise<Outcome> {
  const { site, age, life = immortal, fault = {}, hides = () => false, offset = 0 } = run;
  const blindness = { hides: (key: string) => hides(key) || (fault.hides?.(key) ?? false) };
  const copies = world.stores.map((store, at): RepositoryCopy => {
    const cut = new CutStore(store, life, blindness, at === 0 ? offset : 0);
    if (fault.imagines && at > 0) return world.copyOf(new ImaginingStore(cut, world.stores[0] as MemoryStore));
    return world.copyOf(fault.head ? new MisreadStore(cut, store, fault.head) : cut);
  });
  const settings = fault.config?.(world.config) ?? world.config;
  const config = fault.believes ? { ...settings, retention: { ...settings.retention, listingShare: 1 } } : settings;
  const timelinesIn = async (_: RepositoryCopy, system: string) => world.database(site).known(system, world.now);
  const order: RetentionRun = { config, site, age, partial: false, host: () => world.now, timelinesIn };
  const stage = { ...order, copies };
  const name = `run-${world.count++}`;
  try {
    const plans = await makePlan(copies, order);
    await putPlan(copies, { format: 1, site, at: new Date(world.now).toISOString(), run: name, plans });
    for (const [at, plan] of plans.entries()) await takeBackRemovals(copies[at] as RepositoryCopy, plan);
    for (const [at, plan] of plans.entries()) await expireStage(copies[at] as RepositoryCopy, plan, stage);
    const forgetful = { ...stage, config: fault.forgetsRules ? withoutRules(config) : config };
    const marking = fault.forgetsRules ? await makePlan(copies, forgetful) : plans;
    for (const [at, plan] of marking.entries()) await archiveStage(copies[at] as RepositoryCopy, plan, forgetful);
    for (const [at, plan] of plans.entries()) await sweepStage(copies[at] as RepositoryCopy, plan, stage, name);
    for (const [at, plan] of plans.entries())
      loseWal(world, site, at, { ...plan, wal: await walStage(copies, plan, order) }, fault);
    return 'done';
  } catch (error) {
    if (error instanceof Killed) return 'killed';
    if (isHoldfastError(error)) return { refused: error.code };
    throw error;
  }
}

function withoutRules({ tiers, ...config }: Config): Config {
  const kept = Object.entries(tiers).map(([name, tier]) => [name, { ...tier, keep: { stores: {} } }] as const);
  return { ...config, tiers: Object.fromEntries(kept) };
}

function loseWal(world: World, site: string, at: number, plan: StorePlan, fault: Fault): void {
  removeWal(world, site, world.stores[at] as MemoryStore, fault.wal?.(plan) ?? plan.wal);
}

/** Reads heads otherwise than they are; writes nothing of that back. */
class MisreadStore extends CutStore {
  constructor(
    private readonly inner: CutStore,
    private readonly memory: MemoryStore,
    private readonly misread: NonNullable<Fault['head']>,
  ) {
    super(inner, immortal);
  }

  override async get(key: string, options?: GetOptions): Promise<Buffer> {
    const object = await this.inner.get(key, options);
    if (!key.startsWith(headsPrefix)) return object;
    const all = this.memory.keys(headsPrefix).map((one) => parse(this.memory.peek(one) as Buffer));
    return Buffer.from(JSON.stringify(this.misread(parse(object), all)));
  }

  override async put(...[key, body, options]: Parameters<Store['put']>) {
    const was = key.startsWith(headsPrefix) ? this.memory.peek(key) : undefined;
    const { status, expiredAt, archived } = was ? parse(Buffer.from(body)) : {};
    const meant = was ? Buffer.from(JSON.stringify({ ...parse(was), status, expiredAt, archived })) : body;
    return await this.inner.put(key, meant, options);
  }

  override list(...given: Parameters<Store['list']>) {
    return this.inner.list(...given);
  }

  override async clock() {
    return await this.inner.clock();
  }
}

function parse(object: Buffer): BackupHead {
  return JSON.parse(object.toString()) as BackupHead;
}
