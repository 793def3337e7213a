/** The record of what was set aside, on disk before anything is moved. */
import fs from 'node:fs';
import { z } from 'zod';
import { HoldfastError } from '../../domain/errors';
import { errorCode } from './native';

const schema = z.object({
  format: z.literal(1),
  path: z.string(),
  /** `absent`: there was nothing. `renamed`: as a whole. `emptied`: its children, into a folder inside it. */
  how: z.enum(['absent', 'renamed', 'emptied']),
  aside: z.string(),
  /** Everything is aside: what lies at the path from now on is not what was there before. */
  done: z.boolean(),
  /** While putting back: what came after is cleared away. */
  cleared: z.boolean().optional(),
  before: z.object({ mode: z.int(), uid: z.int(), gid: z.int(), mtimeNs: z.string() }).optional(),
});

export type AsideRecord = z.infer<typeof schema>;

export function readRecord(file: string): AsideRecord | undefined {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new HoldfastError('undo_failed', 'the record of what was set aside is damaged', {
      where: file,
      hints: ['look beside it for what was set aside, put it back by hand, and remove the record'],
      cause,
    });
  }
}

export function writeRecord(file: string, record: AsideRecord): void {
  const temporary = `${file}.new`;
  const fd = fs.openSync(temporary, 'w', 0o600);
  try {
    fs.writeSync(fd, `${JSON.stringify(record)}\n`);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  fs.renameSync(temporary, file);
}

export function removeRecord(file: string): void {
  fs.rmSync(file, { force: true });
}
