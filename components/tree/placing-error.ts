/** What a failed call while placing means to the person who restores. */
import { HoldfastError } from '../../domain/errors';
import { errorCode } from './native';

/** @throws HoldfastError `target_full`, `unsafe_path` (a link stands where a file belongs) or `restore_failed` */
export function placing<T>(shown: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw placingError(shown, error);
  }
}

export function placingError(shown: string, error: unknown): unknown {
  const code = errorCode(error);
  if (code === undefined) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new HoldfastError('target_full', 'there is no space left where the data is being restored', {
      where: shown,
      hints: ['make room, or restore to another directory with --to'],
      cause: error,
    });
  }
  if (code === 'ELOOP') {
    return new HoldfastError('unsafe_path', `a symbolic link stands in the place of ${shown}`, {
      where: shown,
      hints: ['nothing was written through it; somebody or something else changes the target'],
      cause: error,
    });
  }
  return new HoldfastError('restore_failed', `${shown} cannot be restored: ${code}`, {
    where: shown,
    hints: ['EACCES', 'EPERM'].includes(code) ? ['run the agent as a user who may write there, or as root'] : [],
    cause: error,
  });
}
