/** A receiver in a process of its own, to be killed. Arguments: connection (JSON), folder of the store, mode. */
import { runReceiver } from '../../../../components/postgres/wal/receiver';
import { walModes } from '../../../../domain/config/types';
import { DirStore } from '../../../../repository/stores/dir';
import { WalArchive } from '../../../../repository/wal/archive';
import { testObjects } from '../../../repository/wal/test-objects';

const [connection = '{}', folder = '', mode] = process.argv.slice(2);
const store = new DirStore('hot', folder);
void runReceiver({
  connection: JSON.parse(connection) as object,
  slot: 'holdfast_test',
  stores: [{ name: store.name, begin: (marker) => WalArchive.begin(testObjects(store), store, marker) }],
  mode: walModes.find((one) => one === mode),
  intervalMs: 20,
  coverageIntervalMs: 200,
  calmMs: 200,
  signal: new AbortController().signal,
  onProgress: ({ flushedLsn, commits }) => process.stdout.write(`${flushedLsn} ${commits?.commits}\n`),
});
