/** Places packs and records them until it is killed. */
import { PlacingJournal } from '../../../components/tree/journal';
import { openPlacer } from '../../../components/tree/place';
import { rootDirs } from '../../../components/tree/read';

const [target, journalFile] = process.argv.slice(2) as [string, string];
const placer = openPlacer(rootDirs({ '0': target }));
const journal = PlacingJournal.open(journalFile);
for (let pack = 0; pack < 100_000; pack++) {
  const path = `pack-${pack}`;
  const sink = placer.open({
    root: '0',
    path,
    offset: 0,
    length: 300_000,
    at: 0,
    sha256: '',
    crc32c: 0,
    outcome: 'ok',
  });
  for (let at = 0; at < 300_000; at += 100_000) sink.write(Buffer.alloc(100_000, pack % 256), at);
  sink.finish();
  journal.record(pack, pack.toString(16).padStart(64, '0'));
  if (pack === 20) process.stdout.write('on the way\n');
}
