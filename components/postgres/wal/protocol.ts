/** Messages of a physical replication stream (PostgreSQL manual, "Streaming Replication Protocol"). */

import { fromDate, fromPostgres, type Micros, toPostgres } from '../../../domain/instant';
import type { Lsn } from '../../../domain/lsn';

export type StreamMessage =
  | { kind: 'wal'; start: Lsn; serverEnd: Lsn; serverTime: Micros; bytes: Buffer }
  | { kind: 'keepalive'; end: Lsn; serverTime: Micros; replyRequested: boolean };

const walHead = 25;

/** The bytes of a `wal` message belong to the connection's buffer and are gone after the call that delivered them. */
export function parseMessage(chunk: Buffer): StreamMessage | undefined {
  switch (chunk[0]) {
    case 0x77: // w
      return {
        kind: 'wal',
        start: chunk.readBigUInt64BE(1),
        serverEnd: chunk.readBigUInt64BE(9),
        serverTime: fromPostgres(chunk.readBigInt64BE(17)),
        bytes: chunk.subarray(walHead),
      };
    case 0x6b: // k
      return {
        kind: 'keepalive',
        end: chunk.readBigUInt64BE(1),
        serverTime: fromPostgres(chunk.readBigInt64BE(9)),
        replyRequested: chunk[17] === 1,
      };
    default:
      return undefined;
  }
}

/** Flush and apply are the same position, so that a session with `remote_apply` cannot wait for ever. */
export function statusUpdate(written: Lsn, flushed: Lsn, requestReply: boolean): Buffer {
  const message = Buffer.alloc(34);
  message.write('r', 0, 'latin1');
  message.writeBigUInt64BE(written, 1);
  message.writeBigUInt64BE(flushed, 9);
  message.writeBigUInt64BE(flushed, 17);
  message.writeBigInt64BE(toPostgres(fromDate(new Date())), 25);
  message[33] = requestReply ? 1 : 0;
  return message;
}
