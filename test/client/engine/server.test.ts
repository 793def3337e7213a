/** The embedded server where its first start fails: a port may be taken between the look and the start. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findServer, startServer, stopServer } from '../../../client/engine/server';
import { temporalCli } from '../../support/parts';

let dir: string;
const before = process.env['HOLDFAST_TEMPORAL_CLI'];
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'hf-engine-'));
});
afterEach(async () => {
  await stopServer(dir);
  if (before === undefined) delete process.env['HOLDFAST_TEMPORAL_CLI'];
  else process.env['HOLDFAST_TEMPORAL_CLI'] = before;
  rmSync(dir, { recursive: true, force: true });
});

/** A program that ends at once so many times, and notes each start. */
function failing(times: number): string {
  const starts = path.join(dir, 'starts');
  const program = path.join(dir, 'temporal');
  const script = `#!/bin/sh
echo "$@" >> '${starts}'
[ "$(wc -l < '${starts}')" -le ${times} ] && exit 1
exec '${temporalCli()}' "$@"
`;
  writeFileSync(program, script);
  chmodSync(program, 0o755);
  process.env['HOLDFAST_TEMPORAL_CLI'] = program;
  return starts;
}

test('it is started again on other ports', async () => {
  const starts = failing(1);
  const state = await startServer(dir, () => undefined);
  expect(await findServer(dir)).toMatchObject({ pid: state.pid, port: state.port });
  const ports = readFileSync(starts, 'utf8').match(/(?<=--port )\d+/g);
  expect(ports).toHaveLength(2);
  expect(ports?.[1]).toBe(String(state.port));
});

test('one that never starts is told of, with the place of its log', async () => {
  const starts = failing(99);
  await expect(startServer(dir, () => undefined)).rejects.toMatchObject({ code: 'engine_unavailable' });
  expect(readFileSync(starts, 'utf8').trim().split('\n')).toHaveLength(3);
  expect(existsSync(path.join(dir, 'server.log'))).toBe(true);
});
