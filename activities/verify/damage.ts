/**
 * Damage for a recovery test: pages overwritten and a file cut in half, in a scratch directory and nowhere else, and whether it is found.
 * What was chosen is written down first, so that a second attempt damages the same.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  existsSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { ownerOf } from '../../components/postgres/owner';
import { isDataDirectory } from '../../components/postgres/target';
import { findServerTools } from '../../components/postgres/tools';
import { judgeFiles } from '../../components/postgres/verify-restored';
import { walkTree } from '../../components/tree/walk';
import { HoldfastError } from '../../domain/errors';
import { showPath } from '../../domain/tree';
import type { SiteContext } from '../context';
import type { DamageRequest, Evidence } from './contracts';

interface Victim {
  component: string;
  /** Relative to the component's folder. */
  file: string;
  how: 'overwritten' | 'truncated';
  sha256: string;
}

const pageBytes = 8192;

export async function damagePlaced(_context: SiteContext, { to, components }: DamageRequest): Promise<Evidence> {
  const record = recordOf(to);
  if (!existsSync(record)) {
    const victims = (await Promise.all(components.map((one) => chooseVictims(to, one)))).flat();
    if (victims.length === 0) {
      throw new HoldfastError('validation_failed', 'nothing was placed that could be damaged', { where: to });
    }
    writeFileSync(record, JSON.stringify(victims), { flush: true });
  }
  const victims = readVictims(to);
  for (const victim of victims) spoil(path.join(to, victim.component, victim.file), victim.how);
  return { evidence: victims.map(({ component, file, how }) => `${component}: ${file} was ${how}`), findings: [] };
}

/**
 * PostgreSQL's own tool must name every damaged file of a database; of files the bytes must be others than were placed.
 * @throws HoldfastError `validation_failed` when damage is not found
 */
export async function findDamage(_context: SiteContext, { to, components }: DamageRequest): Promise<Evidence> {
  const evidence: string[] = [];
  const findings: string[] = [];
  for (const name of components) {
    const own = readVictims(to).filter(({ component }) => component === name);
    const dir = path.join(to, name);
    const judged = isDataDirectory(dir) ? await judge(dir) : undefined;
    if (judged?.unable !== undefined) findings.push(`${judged.unable}: damage was found by checksums`);
    const byTool = judged !== undefined && judged.unable === undefined;
    for (const { file, sha256 } of own) {
      const found = byTool
        ? judged.complaints.some((one) => one.includes(`"${file}"`))
        : (await hashOf(path.join(dir, file))) !== sha256;
      if (found) continue;
      throw new HoldfastError('validation_failed', `damage in "${file}" of ${name} was not found`, { where: dir });
    }
    evidence.push(
      `${name}: ${byTool ? 'pg_verifybackup' : 'comparing checksums'} found all ${own.length} damaged files`,
    );
  }
  return { evidence, findings };
}

async function judge(dataDir: string) {
  const major = Number.parseInt(readFileSync(path.join(dataDir, 'PG_VERSION'), 'utf8'), 10);
  return await judgeFiles(await findServerTools(major), ownerOf(dataDir), dataDir, { withWal: false });
}

/** Tables and indexes of a database, whatever there is of a tree; two, far apart. */
async function chooseVictims(to: string, name: string): Promise<Victim[]> {
  const isDatabase = isDataDirectory(path.join(to, name));
  const fitting: string[] = [];
  for await (const found of walkTree('data', Buffer.from(path.join(to, name)))) {
    if ('skipped' in found || found.type !== 'file' || typeof found.path !== 'string') continue;
    const wanted = isDatabase ? /^base\/\d+\/\d+$/.test(found.path) && found.size >= 2 * pageBytes : found.size > 0;
    if (wanted) fitting.push(showPath(found.path));
  }
  fitting.sort();
  const chosen = [...new Set([fitting[Math.floor(fitting.length / 3)], fitting[Math.floor((2 * fitting.length) / 3)]])];
  return await Promise.all(
    chosen
      .filter((file) => file !== undefined)
      .map(async (file, at) => ({
        ...{ component: name, file, how: at === 0 ? ('overwritten' as const) : ('truncated' as const) },
        sha256: await hashOf(path.join(to, name, file)),
      })),
  );
}

function spoil(file: string, how: Victim['how']): void {
  const { size } = statSync(file);
  if (how === 'truncated') {
    truncateSync(file, Math.floor(size / 2));
    return;
  }
  const handle = openSync(file, 'r+');
  try {
    const length = Math.min(size, pageBytes);
    writeSync(handle, randomBytes(length), 0, length, Math.floor((size - length) / 2));
  } finally {
    closeSync(handle);
  }
}

function readVictims(to: string): Victim[] {
  return JSON.parse(readFileSync(recordOf(to), 'utf8')) as Victim[];
}

function recordOf(to: string): string {
  return path.join(path.dirname(to), 'damaged.json');
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(file)) hash.update(part as Buffer);
  return hash.digest('hex');
}
