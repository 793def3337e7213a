/**
 * WAL positions and segment names (PostgreSQL manual, "WAL Internals" and `src/include/access/xlog_internal.h`).
 * An LSN is a byte position in the WAL, here a bigint; in text it is `X/Y` in hexadecimal.
 */
import { HoldfastError } from './errors';

export type Lsn = bigint;

const textForm = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/;

export function isLsn(text: string): boolean {
  return textForm.test(text);
}

/** @throws HoldfastError `target_invalid` when the text is not `X/Y` */
export function parseLsn(text: string): Lsn {
  const match = textForm.exec(text);
  if (!match) {
    throw new HoldfastError('target_invalid', `"${text}" is not a WAL position of the form X/Y`, {
      hints: ['write two hexadecimal numbers as the server does, for example 0/3000060'],
    });
  }
  return (BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`);
}

export function formatLsn(lsn: Lsn): string {
  return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffffffffn).toString(16).toUpperCase()}`;
}

/** 24 hexadecimal digits: timeline, high and low part of the segment number. */
export function segmentName(timeline: number, segmentNumber: bigint, segmentSize: number): string {
  const perLog = 0x100000000n / BigInt(segmentSize);
  return [BigInt(timeline), segmentNumber / perLog, segmentNumber % perLog].map(hex8).join('');
}

export interface SegmentPosition {
  timeline: number;
  segmentNumber: bigint;
}

/** The inverse of {@link segmentName}; undefined when the name is not one of a segment. */
export function parseSegmentName(name: string, segmentSize: number): SegmentPosition | undefined {
  if (!/^[0-9A-F]{24}$/.test(name)) return undefined;
  const perLog = 0x100000000n / BigInt(segmentSize);
  const [timeline, log, low] = [0, 8, 16].map((at) => BigInt(`0x${name.slice(at, at + 8)}`)) as [
    bigint,
    bigint,
    bigint,
  ];
  return { timeline: Number(timeline), segmentNumber: log * perLog + low };
}

export function segmentOf(lsn: Lsn, segmentSize: number): bigint {
  return lsn / BigInt(segmentSize);
}

export function segmentStart(segmentNumber: bigint, segmentSize: number): Lsn {
  return segmentNumber * BigInt(segmentSize);
}

/** `00000002.history` */
export function historyName(timeline: number): string {
  return `${hex8(BigInt(timeline))}.history`;
}

export function timelineHex(timeline: number): string {
  return hex8(BigInt(timeline));
}

function hex8(value: bigint): string {
  return value.toString(16).toUpperCase().padStart(8, '0');
}
