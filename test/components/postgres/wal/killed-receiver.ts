/**
 * A receiver that kills itself, with SIGKILL, at one step of making commits wait or letting them go. Arguments: connection (JSON), folder
 * of the store, mode, and the step: `before` or `after`, what is asked of the server or put into the store, for which time; and a file whose
 * coming arms it.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { runReceiver } from '../../../../components/postgres/wal/receiver';
import { walModes } from '../../../../domain/config/types';
import type { PutOptions } from '../../../../repository/store';
import { DirStore } from '../../../../repository/stores/dir';
import { WalArchive } from '../../../../repository/wal/archive';
import { testObjects } from '../../../repository/wal/test-objects';

const [connection = '{}', folder = '', mode, when, what = '', time = '1', end] = process.argv.slice(2);
let times = 0;

/** A file of that name says that from now on the step counts. */
const armed = () => end === undefined || existsSync(path.join(folder, end));

async function around<T>(text: unknown, work: () => Promise<T>): Promise<T> {
  const meant = typeof text === 'string' && text.includes(what) && armed() && ++times === Number(time);
  if (meant && when === 'before') process.kill(process.pid, 'SIGKILL');
  const done = await work();
  if (meant) process.kill(process.pid, 'SIGKILL');
  return done;
}

class KillingStore extends DirStore {
  override async put(key: string, body: Uint8Array, options?: PutOptions): Promise<'created' | 'exists'> {
    return await around(key, () => super.put(key, body, options));
  }
}

const query = pg.Client.prototype.query;
pg.Client.prototype.query = function patched(this: pg.Client, ...args: unknown[]): unknown {
  const [text] = args;
  const asked = () => Reflect.apply(query, this, args) as Promise<unknown>;
  return typeof text === 'string' && text.includes(what) ? around(text, asked) : asked();
} as typeof query;

const store = new KillingStore('hot', folder);
const ending = new AbortController();
process.on('SIGTERM', () => ending.abort());
void runReceiver({
  connection: JSON.parse(connection) as object,
  slot: 'holdfast_test',
  stores: [{ name: store.name, begin: (marker) => WalArchive.begin(testObjects(store), store, marker) }],
  mode: walModes.find((one) => one === mode),
  coverageIntervalMs: 200,
  calmMs: 100,
  signal: ending.signal,
  onProgress: ({ commits }) => process.stdout.write(`${commits?.commits}\n`),
});
