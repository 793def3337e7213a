/** Questions to every store, where those that answer are enough. */
import { isHoldfastError } from '../domain/errors';
import type { RepositoryCopy } from '../repository/copy';

/** In the order of the copies. @throws what the first store said, when none answers */
export async function answering<T>(
  copies: RepositoryCopy[],
  ask: (copy: RepositoryCopy) => Promise<T>,
): Promise<{ copy: RepositoryCopy; answer: T }[]> {
  const answers: { copy: RepositoryCopy; answer: T }[] = [];
  let failure: unknown;
  for (const copy of copies) {
    try {
      answers.push({ copy, answer: await ask(copy) });
    } catch (error) {
      if (!tellsOfStore(error)) throw error;
      failure ??= error;
    }
  }
  if (answers.length === 0 && failure !== undefined) throw failure;
  return answers;
}

/** It is the store that is in trouble, and not what it holds. */
export function tellsOfStore(error: unknown): boolean {
  return isHoldfastError(error) && (error.code === 'store_unavailable' || error.code === 'store_denied');
}
