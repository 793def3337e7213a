/** A store as somebody sees it who takes what another one has for being here too. */
import { headsPrefix } from '../../../repository/names';
import type { GetOptions, Store } from '../../../repository/store';
import type { MemoryStore } from '../../support/memory-store';
import { CutStore, immortal } from './cut-store';

export class ImaginingStore extends CutStore {
  constructor(
    private readonly inner: CutStore,
    private readonly other: MemoryStore,
  ) {
    super(inner, immortal);
  }

  override async get(key: string, options?: GetOptions): Promise<Buffer> {
    const imagined = key.startsWith(headsPrefix) && (await this.inner.head(key)) === undefined;
    return (imagined ? this.other.peek(key) : undefined) ?? (await this.inner.get(key, options));
  }

  override async *list(...[prefix, options]: Parameters<Store['list']>) {
    const seen = new Set<string>();
    for await (const object of this.inner.list(prefix, options)) {
      seen.add(object.key);
      yield object;
    }
    if (!prefix.startsWith(headsPrefix)) return;
    for (const key of this.other.keys(prefix)) {
      if (!seen.has(key) && key > (options?.after ?? '')) yield { key, bytes: 0, modified: await this.clock() };
    }
  }

  override async clock() {
    return await this.inner.clock();
  }
}
