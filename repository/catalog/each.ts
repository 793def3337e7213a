/** Works through any number of items, a few at a time. After a failure nothing new is begun, and what is under way is waited for. */
export async function forEach<T>(
  items: Iterable<T> | AsyncIterable<T>,
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const next = oneByOne(items);
  const failures: unknown[] = [];
  const lane = async () => {
    try {
      for (let one = await next(); !one.done && failures.length === 0; one = await next()) await work(one.value);
    } catch (error) {
      failures.push(error);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  if (failures.length > 0) throw failures[0];
}

/** Several lanes take from one source, which is asked for one at a time. */
function oneByOne<T>(items: Iterable<T> | AsyncIterable<T>): () => Promise<IteratorResult<T, unknown>> {
  const source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let turn: Promise<unknown> = Promise.resolve();
  return async () => {
    const mine = turn.then(async () => await source.next());
    turn = mine.catch(() => undefined);
    return await mine;
  };
}
