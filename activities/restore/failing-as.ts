/** Gives a component's failure the code that scripts know it by; codes that say more precisely what is wrong stay. */
import { type ErrorCode, HoldfastError, isHoldfastError } from '../../domain/errors';

const general = new Set<ErrorCode>(['restore_failed', 'internal']);

export async function failingAs<T>(code: ErrorCode, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (!isHoldfastError(cause) || !general.has(cause.code)) throw cause;
    throw new HoldfastError(code, cause.message, { where: cause.where, hints: cause.hints, cause });
  }
}
