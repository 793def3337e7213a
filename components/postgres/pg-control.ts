/**
 * `global/pg_control`, read without a server (PostgreSQL: `src/include/catalog/pg_control.h`). The fields used here lie at the
 * same offsets from major version 13 to 18; the CRC is the structure's last member, so that its place differs by version.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { crc32c } from '@node-rs/crc32';
import { HoldfastError } from '../../domain/errors';
import { formatLsn } from '../../domain/lsn';

const states = [
  'starting up',
  'shut down',
  'shut down in recovery',
  'shutting down',
  'in crash recovery',
  'in archive recovery',
  'in production',
] as const;
const walLevels = ['minimal', 'replica', 'logical'] as const;

export type ClusterState = (typeof states)[number] | 'unknown';

export interface ControlFile {
  systemIdentifier: string;
  controlVersion: number;
  catalogVersion: number;
  state: ClusterState;
  /** Latest checkpoint: its redo position and timeline. */
  redoLsn: string;
  timeline: number;
  /** How far replay must get before the data is consistent; `0/0` when not in recovery. */
  minRecoveryLsn: string;
  pageSize: number;
  relationSegmentBlocks: number;
  walSegmentSize: number;
  dataChecksums: boolean;
  walLevel: string;
  /** A server that replays this cluster's WAL needs at least these. */
  settings: {
    max_connections: number;
    max_worker_processes: number;
    max_wal_senders: number;
    max_prepared_transactions: number;
    max_locks_per_transaction: number;
  };
}

const shortestWithCrc = 264;
const longestWithCrc = 512;

/** Whether the CRC holds: a copy taken while the server wrote may be torn. */
export function controlFileIsWhole(buffer: Uint8Array): boolean {
  const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  const last = Math.min(longestWithCrc, bytes.length) - 4;
  for (let at = shortestWithCrc; at <= last; at += 4) {
    if (crc32c(bytes.subarray(0, at)) === bytes.readUInt32LE(at)) return true;
  }
  return false;
}

/** @throws HoldfastError `wrong_data_directory` when the bytes are no whole control file of a version we know */
export function parseControlFile(buffer: Uint8Array, where?: string): ControlFile {
  const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  const version = bytes.length < shortestWithCrc ? 0 : bytes.readUInt32LE(8);
  if (version < 1300 || version > 9999 || !controlFileIsWhole(bytes)) {
    throw new HoldfastError('wrong_data_directory', 'pg_control is damaged, or of an unknown PostgreSQL version', {
      where,
    });
  }
  return {
    systemIdentifier: bytes.readBigUInt64LE(0).toString(),
    controlVersion: version,
    catalogVersion: bytes.readUInt32LE(12),
    state: states[bytes.readUInt32LE(16)] ?? 'unknown',
    redoLsn: formatLsn(bytes.readBigUInt64LE(40)),
    timeline: bytes.readUInt32LE(48),
    minRecoveryLsn: formatLsn(bytes.readBigUInt64LE(136)),
    walLevel: walLevels[bytes.readUInt32LE(172)] ?? 'unknown',
    settings: {
      max_connections: bytes.readUInt32LE(180),
      max_worker_processes: bytes.readUInt32LE(184),
      max_wal_senders: bytes.readUInt32LE(188),
      max_prepared_transactions: bytes.readUInt32LE(192),
      max_locks_per_transaction: bytes.readUInt32LE(196),
    },
    pageSize: bytes.readUInt32LE(216),
    relationSegmentBlocks: bytes.readUInt32LE(220),
    walSegmentSize: bytes.readUInt32LE(228),
    dataChecksums: bytes.readUInt32LE(252) !== 0,
  };
}

/**
 * Reads a data directory's control file, again where the server is writing it just now.
 * @throws HoldfastError `wrong_data_directory` when there is none or it is damaged, `source_unreadable` when it may not be read
 */
export function readControlFile(dataDir: string): ControlFile {
  const where = path.join(dataDir, 'global', 'pg_control');
  for (let attempt = 0; ; attempt++) {
    const bytes = readBytes(where);
    if (attempt === 10 || controlFileIsWhole(bytes)) return parseControlFile(bytes, where);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
}

function readBytes(where: string): Buffer {
  try {
    return readFileSync(where);
  } catch (error) {
    const denied = (error as NodeJS.ErrnoException).code === 'EACCES';
    throw denied
      ? new HoldfastError('source_unreadable', 'the data directory may not be read', {
          where,
          hints: ['run the agent as the owner of the data directory, or as root'],
          cause: error,
        })
      : new HoldfastError('wrong_data_directory', 'there is no PostgreSQL data directory', { where, cause: error });
  }
}
