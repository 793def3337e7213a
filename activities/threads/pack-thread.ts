/** The entry of a worker thread: synchronous work on one pack at a time (read, check, hash, compress, encrypt, and back). */
import { createHash } from 'node:crypto';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { checksumOf } from '../../components/tree/checksum';
import { openPlacer } from '../../components/tree/place';
import { openSlice } from '../../components/tree/read';
import { reportError } from '../../domain/errors';
import { type StoredSlice, showPath } from '../../domain/tree';
import { freeNow } from '../../repository/crypto/free';
import { openBytes } from '../../repository/crypto/sealed-bytes';
import { damaged } from '../../repository/crypto/sealed-format';
import { buildPack as buildFrom } from '../../repository/packs/build';
import { openWhole, type PackReading, readSlices } from '../../repository/packs/open';
import { layingSink, readLaid } from './laid';
import { buildSteadyPack } from './steady';
import type { Answer, OpenTask, ThreadFunctions } from './tasks';

type Task<Name extends keyof ThreadFunctions> = ThreadFunctions[Name]['task'];
type Result<Name extends keyof ThreadFunctions> = Answer<ThreadFunctions[Name]['result']>;

export function buildPack(task: Task<'buildPack'>): Result<'buildPack'> {
  return answering(() => buildSteadyPack(task, (slice) => openSlice(slice, task.dirs)));
}

export function buildLaidPack(task: Task<'buildLaidPack'>): Result<'buildLaidPack'> {
  return answering(() => buildFrom(task, readLaid(task.slices, Buffer.from(task.memory))));
}

export function layParts(task: Task<'layParts'>): Result<'layParts'> {
  return answering(() => {
    const reading = openExpected(task);
    const memory = Buffer.from(task.memory);
    const bySlice = Map.groupBy(task.parts, ({ slice }) => slice);
    readSlices(reading, (slice, number) => {
      const parts = bySlice.get(number);
      return parts && layingSink(slice, parts, memory);
    });
    freeNow(reading.part.bytes);
    return undefined;
  });
}

export function placePack(task: Task<'placePack'>): Result<'placePack'> {
  return answering(() => {
    const reading = openExpected(task);
    const only = task.only === undefined ? undefined : new Set(task.only);
    const placer = openPlacer(task.dirs);
    const outcome = { slices: 0, bytes: 0 };
    try {
      readSlices({ ...reading, compare: 'crc32c' }, (slice, number) => {
        if (only?.has(number) === false) return undefined;
        outcome.slices += 1;
        outcome.bytes += slice.length;
        return placer.open(slice, task.parts?.[number] ?? undefined);
      });
    } finally {
      placer.close();
      freeNow(reading.part.bytes);
    }
    return outcome;
  });
}

export function verifyPack(task: Task<'verifyPack'>): Result<'verifyPack'> {
  return answering(() => {
    const beside = createHash('sha256').update(task.object).digest('hex') !== task.expected.sha256;
    if (beside && task.only === undefined) throw damaged('has other bytes than were written', task.expected.object);
    const only = task.only && new Set(task.only);
    const reading = openExpected(task);
    let file = '';
    try {
      readSlices(reading, ({ path }, number) => {
        if (only?.has(number) === false) return undefined;
        file = showPath(path);
        return { write: () => undefined, finish: () => undefined };
      });
      return { beside };
    } catch (error) {
      if (only === undefined || reportError(error).code !== 'checksum_mismatch') throw error;
      throw damaged(`has other bytes than were written where "${file}" lies`, task.expected.object);
    } finally {
      freeNow(reading.part.bytes);
    }
  });
}

export function hashBytes({ bytes }: Task<'hashBytes'>): Result<'hashBytes'> {
  return answering(() => createHash('sha256').update(bytes).digest('hex'));
}

export function checksumFile({ dirs, entry }: Task<'checksumFile'>): Result<'checksumFile'> {
  return answering(() => checksumOf(dirs, entry));
}

export function compareSlices(task: Task<'compareSlices'>): Result<'compareSlices'> {
  return answering(() => {
    const placer = openPlacer(task.dirs);
    try {
      return task.slices.map((slice) => placer.holds(slice));
    } finally {
      placer.close();
    }
  });
}

/** What comes out is handed over, not copied. */
export function openSealed({ object, ...options }: Task<'openSealed'>): unknown {
  const sealed = Buffer.from(object.buffer, object.byteOffset, object.byteLength);
  const answer = answering((): Uint8Array => openBytes(sealed, options));
  freeNow(sealed);
  if (!('value' in answer)) return answer;
  return move({ [transferableSymbol]: [answer.value.buffer], [valueSymbol]: answer });
}

/** Opens the pack and holds it against the run's index: it is no other attempt at the same pack, with other contents. */
function openExpected({ object, expected, backupId, component, pack, dataKey }: OpenTask): PackReading {
  const bytes = Buffer.from(object.buffer, object.byteOffset, object.byteLength);
  const reading = openWhole(bytes, { backupId, component, pack, dataKey, where: expected.object });
  if (!sameSlices(reading.index.slices, expected.slices)) {
    throw damaged('is not the one that the index of its run names', expected.object);
  }
  return reading;
}

function sameSlices(found: StoredSlice[], expected: StoredSlice[]): boolean {
  const known = (one: StoredSlice) => [one.root, showPath(one.path), one.offset, one.length, one.at, one.sha256].join();
  return found.length === expected.length && found.every((one, n) => known(one) === known(expected[n] ?? one));
}

function answering<T>(work: () => T): Answer<T> {
  try {
    return { value: work() };
  } catch (error) {
    return { error: reportError(error) };
  }
}
