import { open } from 'node:fs/promises';
import { HoldfastError } from '../../domain/errors';
import { errnoOf } from '../stores/dir-files';
import { keyBytes } from './keys';

const makeOne = 'make one with: umask 077 && openssl rand -base64 32 > FILE, and keep a copy far from the backups';

/**
 * Reads a key file: 32 random bytes in base64, readable by its owner only.
 * @throws HoldfastError `key_invalid` saying what is wrong; never with a byte of the contents
 */
export async function readKeyFile(path: string): Promise<Buffer> {
  const { mode, text } = await read(path);
  if ((mode & 0o077) !== 0) {
    throw new HoldfastError('key_invalid', 'the key file can be read by others than its owner', {
      where: path,
      hints: [`chmod 600 ${path}`],
    });
  }
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length === keyBytes && key.toString('base64').replace(/=+$/, '') === text.trim().replace(/=+$/, ''))
    return key;
  throw new HoldfastError('key_invalid', `the key file does not hold ${keyBytes} bytes in base64`, {
    where: path,
    hints: [makeOne],
  });
}

async function read(path: string): Promise<{ mode: number; text: string }> {
  try {
    const handle = await open(path, 'r');
    try {
      const { mode } = await handle.stat();
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
      return { mode, text: buffer.toString('latin1', 0, bytesRead) };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const errno = errnoOf(error) ?? 'an error';
    throw new HoldfastError('key_invalid', `the key file cannot be read: ${errno}`, {
      where: path,
      hints: errno === 'ENOENT' ? [makeOne] : ['run as the user that owns the key file'],
      cause: error,
    });
  }
}
