/** `global/pg_control` of a running server: written in place now and then, so a reading may catch it half old, half new. */
import { HoldfastError } from '../../domain/errors';
import { controlFileIsWhole } from '../postgres/pg-control';
import { pauseThread } from './pause';
import type { SourceFile } from './source-file';

const attempts = 100;
const waitMs = 10;

/** @throws HoldfastError `source_unreadable` when its CRC never holds */
export function readWholeControl(file: SourceFile, buffer: Buffer, length: number, shown: string): number {
  for (let attempt = 1; ; attempt++) {
    const bytes = file.read(buffer, length, 0);
    if (controlFileIsWhole(buffer.subarray(0, bytes))) return bytes;
    if (attempt === attempts) break;
    pauseThread(waitMs);
  }
  throw new HoldfastError('source_unreadable', `${shown} is damaged: its checksum does not hold`, {
    where: shown,
    hints: ['PostgreSQL itself could not start from this file; look for a failing disk'],
  });
}
