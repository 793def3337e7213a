/** A receiver in a process of its own, to be killed. Arguments: connection (JSON), folder of the store, mode, turn of its line. */
import { runReceiver } from '../../../../components/postgres/wal/receiver';
import { walModes } from '../../../../domain/config/types';
import { reportError } from '../../../../domain/errors';
import { DirStore } from '../../../../repository/stores/dir';
import { WalArchive } from '../../../../repository/wal/archive';
import { testObjects } from '../../../repository/wal/test-objects';

const [connection = '{}', folder = '', mode, turn] = process.argv.slice(2);
const store = new DirStore('hot', folder);
const owner = { system: 'shop', site: 'dc01', component: 'database' };
const writer = turn === undefined ? undefined : { line: 'test', turn: Number(turn) };
runReceiver({
  connection: JSON.parse(connection) as object,
  slot: 'holdfast_test',
  stores: [{ name: store.name, begin: (marker) => WalArchive.begin(testObjects(store), store, marker, owner, writer) }],
  mode: walModes.find((one) => one === mode),
  intervalMs: 20,
  coverageIntervalMs: 200,
  calmMs: 200,
  signal: new AbortController().signal,
  onProgress: ({ flushedLsn, commits }) => process.stdout.write(`${flushedLsn} ${commits?.commits}\n`),
}).catch((error: unknown) => {
  process.stderr.write(`${reportError(error).code}\n`);
  process.exit(1);
});
