import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for one test file, gone at its end. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hf-services-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function script(folder: string, name: string, body: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
}
