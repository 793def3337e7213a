/** The entry of a worker thread: synchronous work on one pack at a time (read, check, hash, compress, encrypt, and back). */
import { createHash } from 'node:crypto';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { openPlacer } from '../../components/tree/place';
import { openSlice } from '../../components/tree/read';
import { HoldfastError, reportError } from '../../domain/errors';
import { freeNow } from '../../repository/crypto/free';
import { openWhole, type PackAccess, readSlices, verifyPack as verifyObject } from '../../repository/packs/open';
import { buildSteadyPack } from './steady';
import type { Answer, OpenTask, ThreadFunctions } from './tasks';

type Task<Name extends keyof ThreadFunctions> = ThreadFunctions[Name]['task'];
type Result<Name extends keyof ThreadFunctions> = Answer<ThreadFunctions[Name]['result']>;

export function buildPack(task: Task<'buildPack'>): Result<'buildPack'> {
  const answer = answering(() => buildSteadyPack(task, (slice) => openSlice(slice, task.dirs)));
  if ('error' in answer) return answer;
  const handed = { [transferableSymbol]: [answer.value.object.buffer], [valueSymbol]: answer };
  return move(handed as unknown as ArrayBuffer) as unknown as typeof answer;
}

export function placePack(task: Task<'placePack'>): Result<'placePack'> {
  return answering(() => {
    const { object, access } = checked(task);
    const only = task.only === undefined ? undefined : new Set(task.only);
    const placer = openPlacer(task.dirs);
    const outcome = { slices: 0, bytes: 0 };
    try {
      readSlices(openWhole(object, access), (slice, number) => {
        if (only?.has(number) === false) return undefined;
        outcome.slices += 1;
        outcome.bytes += slice.length;
        return placer.open(slice);
      });
    } finally {
      placer.close();
      freeNow(object);
    }
    return outcome;
  });
}

export function verifyPack(task: Task<'verifyPack'>): Result<'verifyPack'> {
  return answering(() => {
    const { object, access } = checked(task);
    try {
      return { bytes: verifyObject(object, access).bytes };
    } finally {
      freeNow(object);
    }
  });
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

/** The bytes are those the index names: no other pack of the backup, and no earlier attempt at this one. */
function checked({ object, expected, backupId, component, pack, dataKey }: OpenTask): {
  object: Buffer;
  access: PackAccess;
} {
  const bytes = Buffer.from(object.buffer, object.byteOffset, object.byteLength);
  if (createHash('sha256').update(bytes).digest('hex') !== expected.sha256) {
    throw new HoldfastError('checksum_mismatch', 'a stored pack has other bytes than were written', {
      where: expected.object,
      hints: ['restore from another store or backup; holdfast verify names everything that is damaged'],
    });
  }
  return { object: bytes, access: { backupId, component, pack, dataKey, where: expected.object } };
}

function answering<T>(work: () => T): Answer<T> {
  try {
    return { value: work() };
  } catch (error) {
    return { error: reportError(error) };
  }
}
