/** What is wrong with a configuration, each problem with its path, its line, what was expected and the nearest valid name. */
import type { z } from 'zod';
import { isRecord, jsonSchema, type SchemaNode, schemaAt } from './json-schema';
import { nearestName } from './nearest';

export type ConfigPath = readonly PropertyKey[];

export interface Problem {
  path: ConfigPath;
  /** Whether the path's last key is itself at fault, and not its value. */
  atKey?: boolean;
  message: string;
}

type Issue = z.core.$ZodIssue;

/** Every problem that the schema found. */
export function schemaProblems(issues: Issue[], data: unknown): Problem[] {
  const root = jsonSchema();
  return issues.flatMap((issue) => problemsOf(issue, data, root));
}

function problemsOf(issue: Issue, data: unknown, root: SchemaNode): Problem[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(schemaAt(path, data, root)?.properties ?? {});
    return issue.keys.map((key) => ({
      path: [...path, key],
      atKey: true,
      message: unknownKey(key, known, valueAt(data, path)),
    }));
  }
  if (issue.code === 'invalid_key') return [{ path, atKey: true, message: issue.issues[0]?.message ?? 'invalid name' }];
  const value = valueAt(data, path);
  if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options)) {
    return [{ path, message: notOneOf(value, issue.options) }];
  }
  if (issue.code === 'invalid_value') return [{ path, message: notOneOf(value, issue.values) }];
  if (value === undefined && issue.code === 'invalid_type') {
    const described = schemaAt(path, data, root)?.description;
    return [{ path, message: `missing: expected ${article(issue.expected)}${described ? ` (${described})` : ''}` }];
  }
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input'))
    return [{ path, message: `expected ${article(issue.expected)}, found ${kindOf(value)}` }];
  if (issue.code === 'invalid_union' && !issue.message.startsWith('Invalid input'))
    return [{ path, message: issue.message }];
  if (issue.code === 'invalid_union') {
    const expected = issue.errors.flat().flatMap((one) => (one.code === 'invalid_type' ? [article(one.expected)] : []));
    const deeper = issue.errors.flat().filter((one) => one.path.length > 0 || one.code === 'unrecognized_keys');
    if (deeper.length > 0 && isRecord(value)) {
      return deeper.flatMap((one) => problemsOf({ ...one, path: [...path, ...one.path] }, data, root));
    }
    return [{ path, message: `expected ${[...new Set(expected)].join(' or ')}, found ${kindOf(value)}` }];
  }
  return [{ path, message: sentence(issue) }];
}

/** `did you mean …` where a name is near and not used already, else all that are known. */
function unknownKey(key: string, known: string[], holder: unknown): string {
  const free = known.filter((one) => !isRecord(holder) || !Object.hasOwn(holder, one));
  const nearest = nearestName(key, free);
  return `unknown key; ${nearest === undefined ? `expected one of ${known.join(', ')}` : `did you mean "${nearest}"?`}`;
}

/** `expected one of …`, with the nearest. */
export function notOneOf(value: unknown, options: readonly unknown[]): string {
  const listed = options.map((one) => `"${String(one)}"`).join(', ');
  const expected = options.length === 1 ? `expected ${listed}` : `expected one of ${listed}`;
  if (value === undefined) return `missing: ${expected}`;
  const nearest = typeof value === 'string' ? nearestName(value, options.map(String)) : undefined;
  const found = `${expected}, found ${typeof value === 'string' ? `"${value}"` : kindOf(value)}`;
  return nearest === undefined ? found : `${found}; did you mean "${nearest}"?`;
}

function sentence(issue: Issue): string {
  if (issue.code === 'too_small' && issue.message.startsWith('Too small')) return `expected at least ${issue.minimum}`;
  if (issue.code === 'too_big') return `expected at most ${issue.maximum}`;
  return issue.message;
}

const articles: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
  record: 'a map of names',
};

function article(expected: string): string {
  return articles[expected] ?? expected;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (isRecord(value)) return 'a map';
  return typeof value === 'string'
    ? 'text'
    : `${typeof value === 'number' ? 'the number' : 'the value'} ${String(value)}`;
}

export function valueAt(data: unknown, path: ConfigPath): unknown {
  let value = data;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** `sites.dc01.components.files.paths[0]` */
export function showConfigPath(path: ConfigPath): string {
  return path
    .map((key, at) => (typeof key === 'number' ? `[${key}]` : `${at === 0 ? '' : '.'}${String(key)}`))
    .join('');
}
