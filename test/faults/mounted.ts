/** A small file system of its own, so that a disk can be full for a test without being full for anybody else. Only root can mount. */
import { execFile } from 'node:child_process';
import { mkdirSync, rmdirSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const mayMount = process.getuid?.() === 0;

export interface Mounted {
  folder: string;
  remount(options: string): Promise<void>;
  unmount(): Promise<void>;
}

/** @param options as of `mount -o`, for example `size=8m` */
export async function mountSmall(folder: string, options: string): Promise<Mounted> {
  mkdirSync(folder, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', options, 'holdfast-test', folder]);
  return {
    folder,
    remount: async (changed) => void (await run('mount', ['-o', `remount,${changed}`, folder])),
    unmount: async () => {
      await run('umount', ['-l', folder]);
      rmdirSync(folder);
    },
  };
}
