/** A copy whose user is stopped before one of its requests: what happens meanwhile happens then, and the request goes out afterwards, as it was. */
import type { RepositoryCopy } from '../../../repository/copy';

export interface Stall {
  copy: RepositoryCopy;
  /** Requests count from here on; with names, only those. */
  begin(...methods: string[]): void;
}

export function stalling(copy: RepositoryCopy, nth: number, meanwhile: () => Promise<void>): Stall {
  let left = 0;
  let counted: string[] = [];
  const isDue = (method: string) => left > 0 && (counted.length === 0 || counted.includes(method)) && --left === 0;
  const store = new Proxy(copy.store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function' || typeof name !== 'string') return value;
      const ask = (...given: unknown[]) => Reflect.apply(value, target, given) as unknown;
      if (name === 'list' || name === 'folders')
        return async function* (...given: unknown[]) {
          if (isDue(name)) await meanwhile();
          yield* ask(...given) as AsyncIterable<unknown>;
        };
      return async (...given: unknown[]) => {
        if (isDue(name)) await meanwhile();
        return await ask(...given);
      };
    },
  });
  return {
    copy: { ...copy, store },
    begin: (...methods) => {
      [left, counted] = [nth, methods];
    },
  };
}
