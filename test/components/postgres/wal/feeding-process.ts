/** A replay and its feed in a process of their own, to be killed. Argument: JSON of the request and of the feed's options. */
import { type ReplayRequest, replay } from '../../../../components/postgres/replay';
import { findServerTools } from '../../../../components/postgres/tools';
import { Feed } from '../../../../components/postgres/wal/feed';
import { feedCommand } from '../../../../components/postgres/wal/feed-command';
import type { PlannedSegment } from '../../../../components/postgres/wal/read-segment';
import { DirStore } from '../../../../repository/stores/dir';
import { WalArchive } from '../../../../repository/wal/archive';
import { testObjects } from '../../../repository/wal/test-objects';

interface Orders {
  major: number;
  system: string;
  store: string;
  request: Pick<ReplayRequest, 'owner' | 'dataDir' | 'runDir' | 'spoolDir' | 'target' | 'timeline'>;
  segments: PlannedSegment[];
  room: number;
}

async function main({ major, system, store: folder, request, segments, room }: Orders): Promise<void> {
  const store = new DirStore('hot', folder);
  const archive = await WalArchive.open(testObjects(store), store, system);
  if (!archive) throw new Error('no archive');
  const { spoolDir: dir, owner } = request;
  const feed = await Feed.begin({ archives: [archive], segments, dir, owner, room });
  const restoreCommand = feedCommand(dir);
  await replay({
    ...{ ...request, tools: await findServerTools(major), restoreCommand },
    onProgress: () => process.stdout.write(`${JSON.stringify(feed.state())}\n`),
  });
  await feed.end();
}

const orders = JSON.parse(process.argv[2] ?? '{}') as Orders;
const segments = orders.segments.map((one) => ({ ...one, segment: BigInt(one.segment) }));
void main({ ...orders, segments }).then(() => process.exit(0));
