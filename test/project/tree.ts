/** The project's own files, for the tests that judge them. Tests run as compiled code, so the root is found from there. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The clone's root: the nearest folder above that has the lock file. */
export const root = nearest(__dirname);

/** The rooms of the house that tsc builds. */
export const rooms = [
  'client',
  'workflows',
  'activities',
  'workers',
  'domain',
  'components',
  'repository',
  'reports',
  'test',
  'bench',
];

/** A file's text by its path below the root. */
export function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** A JSON file of the project. */
export function readJson<T>(file: string): T {
  return JSON.parse(read(file)) as T;
}

/** Whether the path below the root exists. */
export function exists(file: string): boolean {
  return existsSync(path.join(root, file));
}

/** Every file that git knows, as paths below the root; where there is no git (a release), every file outside ignored folders. */
export function trackedFiles(): string[] {
  if (!exists('.git')) return walk('.').filter((file) => !/^(node_modules|dist|\.build-[^/]*|coverage)\//.test(file));
  const listed = execFileSync('git', ['-c', 'safe.directory=*', 'ls-files', '-z'], { cwd: root, encoding: 'utf8' });
  return listed.split('\0').filter((file) => file !== '' && exists(file));
}

/** The TypeScript sources that git knows. */
export function sources(): string[] {
  return trackedFiles().filter((file) => file.endsWith('.ts') && rooms.includes(file.split('/')[0] as string));
}

function walk(folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const below = path.join(folder, entry.name);
    if (entry.name === 'node_modules' || entry.name === 'dist') return [];
    return entry.isDirectory() ? walk(below) : [below];
  });
}

function nearest(folder: string): string {
  return existsSync(path.join(folder, 'package-lock.json')) ? folder : nearest(path.dirname(folder));
}
