/**
 * `synchronous_standby_names` with one more name in it, and without it again (PostgreSQL manual, "Replication", and
 * `src/backend/replication/syncrep_gram.y`).
 *
 * Guaranteed: with our name added a commit waits for us *and* for whomever it waited for before; where PostgreSQL cannot say that,
 * it is refused. A quorum of somebody else's standbys with us in it could be reached without us.
 */
import { HoldfastError } from '../../../domain/errors';
import { slotPrefix } from './replication';

interface StandbyList {
  method: 'FIRST' | 'ANY';
  /** How many of those named a commit waits for. */
  count: number;
  names: string[];
}

/** Whether it is one of those a commit waits for. */
export function isNamed(setting: string, name: string): boolean {
  return parseStandbys(setting)?.names.some((one) => sameName(one, name)) ?? false;
}

/** @throws HoldfastError `postgres_misconfigured` where the others' quorum could be reached without this one */
export function withStandby(setting: string, name: string): string {
  const before = parseStandbys(setting);
  if (!before && setting.trim() === '') return formatStandbys({ method: 'FIRST', count: 1, names: [name] });
  const everyone = before !== undefined && before.count >= before.names.length && !before.names.includes('*');
  if (everyone && isNamed(setting, name)) return setting;
  if (!everyone) {
    throw new HoldfastError(
      'postgres_misconfigured',
      'synchronous_standby_names cannot say that commits wait for these standbys and for the stores',
      {
        where: `synchronous_standby_names = '${setting}'`,
        hints: [
          'commits can wait for the stores and for *all* of the standbys named, so name no more than must confirm, for example FIRST 1 (a)',
          'or set mode async for this component, and let commits wait for the standbys alone',
        ],
      },
    );
  }
  return formatStandbys({ method: 'FIRST', count: before.names.length + 1, names: [name, ...before.names] });
}

/** The others as they were; empty when there is nobody else. */
export function withoutStandby(setting: string, name: string): string {
  return without(setting, (one) => sameName(one, name));
}

/** Without any receiver of ours: for a copy of the server, which none of them receives from. What cannot be understood stays. */
export function withoutReceivers(setting: string): string {
  if (!setting.toLowerCase().includes(slotPrefix)) return setting;
  return without(setting, (one) => one.toLowerCase().startsWith(slotPrefix));
}

function without(setting: string, gone: (name: string) => boolean): string {
  const before = parseStandbys(setting);
  if (!before?.names.some(gone)) return setting;
  const names = before.names.filter((one) => !gone(one));
  if (names.length === 0) return '';
  const everyone = before.count >= before.names.length;
  return formatStandbys({ ...before, names, count: everyone ? names.length : Math.min(before.count, names.length) });
}

/** undefined: commits wait for nobody, or the server would not have taken it. */
function parseStandbys(setting: string): StandbyList | undefined {
  const text = setting.trim();
  const counted = /^(?:(first|any)\s+)?(\d+)\s*\((.*)\)$/is.exec(text);
  const names = namesIn(counted?.[3] ?? text);
  if (names.length === 0) return undefined;
  const method = counted?.[1]?.toUpperCase() === 'ANY' ? 'ANY' : 'FIRST';
  return { method, count: Number(counted?.[2] ?? 1), names };
}

function namesIn(text: string): string[] {
  const form = /\s*(?:"((?:[^"]|"")+)"|(\*|[\w$.-]+|[^\s",()]+))\s*(,|$)/y;
  const names: string[] = [];
  while (form.lastIndex < text.length) {
    const found = form.exec(text);
    if (!found) return [];
    names.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '');
  }
  return names;
}

function formatStandbys({ method, count, names }: StandbyList): string {
  const quoted = names.map((name) => (name === '*' ? name : `"${name.replaceAll('"', '""')}"`));
  return `${method} ${count} (${quoted.join(', ')})`;
}

/** As the server compares them. */
function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
