import fs from 'node:fs';
import path from 'node:path';
import { openFilesSource } from '../../components/files/source';
import { withClient } from '../../components/postgres/connection';
import { clientConfig } from '../../components/postgres/conninfo';
import { serverFacts } from '../../components/postgres/server';
import { openPostgresSource } from '../../components/postgres/source';
import { rootPath } from '../../components/tree/read';
import { startCluster } from '../support/postgres-cluster';
import { conformance } from './conformance';
import { makeSampleTree } from './tree/sample';

conformance('files', async (folder) => {
  const tree = path.join(folder, 'source');
  const single = path.join(folder, 'single.conf');
  fs.mkdirSync(tree);
  makeSampleTree(tree);
  fs.writeFileSync(single, 'answer = 42\n', { mode: 0o640 });
  fs.symlinkSync('source', path.join(folder, 'link-to-tree'));
  return {
    source: await openFilesSource([path.join(folder, 'link-to-tree'), single]),
    paths: { '0': tree, '1': single },
    complete: true,
    large: { root: '0', path: 'deep/er/est/big.bin' },
    close: async () => undefined,
  };
});

conformance('postgres', async () => {
  const cluster = await startCluster({ name: 'conform', tablespaces: ['other'] });
  await cluster.psql('create table big as select i, repeat(md5(i::text), 4) as t from generate_series(1, 20000) i');
  await cluster.psql('create table small tablespace other as select i from generate_series(1, 1000) i; checkpoint');
  const big = String(await cluster.psql("select pg_relation_filepath('big')")).trim();
  const server = await withClient(clientConfig(cluster.conninfo), serverFacts);
  // At rest, so that there is something to compare with. A running server is for replay to put right.
  await cluster.stop();
  const source = await openPostgresSource(cluster.dataDir, server, server.walLsn);
  const roots = Object.keys(source.dirs);
  return {
    source,
    paths: Object.fromEntries(roots.map((root) => [root, rootPath(source.dirs, root).toString()])),
    complete: false,
    large: { root: 'data', path: big },
    close: () => cluster.destroy(),
  };
});
