/**
 * What a WAL record says, as far as a recovery target needs it (PostgreSQL 15 to 18: `access/xlogrecord.h`, `access/xact.h`,
 * `access/xlog_internal.h`, `commands/tablespace.h`).
 */
import { crc32c } from '@node-rs/crc32';
import { fromPostgres, type Micros } from '../../../domain/instant';

/** A record: 24 bytes of head, headers of blocks and data, the data. */
export const recordHead = 24;

const resourceXlog = 0;
const resourceXact = 1;
const resourceTablespace = 5;

export const switchInfo = 0x40;
const restorePointInfo = 0x70;

const commit = 0x00;
const abort = 0x20;
const commitPrepared = 0x30;
const abortPrepared = 0x40;

export type RecordFact =
  | { kind: 'commit' | 'abort'; xid: number; time: Micros }
  | { kind: 'restore-point'; name: string; time: Micros }
  | { kind: 'tablespace'; oid: number; path: string };

/** Whether a record is worth reading beyond its head. `word` is the head's fifth 32-bit word: info and resource manager. */
export function isTelling(word: number): boolean {
  const [info, resource] = [word & 0xff, (word >>> 8) & 0xff];
  if (resource === resourceXact) {
    const operation = info & 0x70;
    return operation === commit || operation === abort || operation === commitPrepared || operation === abortPrepared;
  }
  if (resource === resourceXlog) return (info & 0xf0) === restorePointInfo;
  return resource === resourceTablespace && (info & 0xf0) === 0;
}

/** After a segment switch the rest of the segment is empty. */
export function isSwitch(word: number): boolean {
  return (word & 0xf0) === switchInfo && ((word >>> 8) & 0xff) === resourceXlog;
}

export function isIntact(record: Buffer): boolean {
  const body = crc32c(record.subarray(recordHead));
  return crc32c(record.subarray(0, 20), body) === record.readUInt32LE(20);
}

/** Reads a telling record; undefined when its form is not what it should be. `magic` is the version of the WAL's pages. */
export function readRecord(record: Buffer, magic: number): RecordFact | undefined {
  const data = mainData(record);
  if (!data) return undefined;
  const [info, resource] = [record[16] as number, record[17] as number];
  switch (resource) {
    case resourceXact:
      return readTransaction(record.readUInt32LE(4), info, data, magic);
    case resourceXlog:
      return { kind: 'restore-point', time: fromPostgres(data.readBigInt64LE(0)), name: textAt(data, 8) };
    default:
      return { kind: 'tablespace', oid: data.readUInt32LE(0), path: textAt(data, 4) };
  }
}

function readTransaction(xid: number, info: number, data: Buffer, magic: number): RecordFact {
  const operation = info & 0x70;
  const kind = operation === commit || operation === commitPrepared ? 'commit' : 'abort';
  const time = fromPostgres(data.readBigInt64LE(0));
  const prepared = operation === commitPrepared || operation === abortPrepared;
  return { kind, time, xid: (prepared ? preparedXid(kind, data, magic) : undefined) ?? xid };
}

/** The record of a prepared transaction's end carries the transaction behind everything else. */
function preparedXid(kind: 'commit' | 'abort', data: Buffer, magic: number): number | undefined {
  const has = data.readUInt32LE(8);
  const statsItem = magic >= 0xd118 ? 16 : 12;
  let at = 12;
  const skipArray = (bit: number, itemBytes: number) => {
    if (has & bit) at += 4 + data.readUInt32LE(at) * itemBytes;
  };
  if (has & 0x01) at += 8; // database and tablespace
  skipArray(0x02, 4); // subtransactions
  skipArray(0x04, 12); // dropped files
  skipArray(0x100, statsItem);
  if (kind === 'commit') skipArray(0x08, 16); // invalidations
  return has & 0x10 ? data.readUInt32LE(at) : undefined;
}

/** The records we read name no blocks: before their data stand an origin, a top-level transaction, the data's length. */
function mainData(record: Buffer): Buffer | undefined {
  for (let at = recordHead; at < record.length; ) {
    switch (record[at]) {
      case 255:
        return record.subarray(at + 2, at + 2 + (record[at + 1] as number));
      case 254:
        return record.subarray(at + 5, at + 5 + record.readUInt32LE(at + 1));
      case 253:
        at += 3;
        break;
      case 252:
        at += 5;
        break;
      default:
        return undefined;
    }
  }
  return undefined;
}

function textAt(data: Buffer, at: number): string {
  const end = data.indexOf(0, at);
  return data.toString('utf8', at, end < 0 ? data.length : end);
}
