/**
 * From the text of `holdfast.yaml` to a {@link Config}. Every problem is found in one pass and told with `file:line`; the
 * text itself never goes into a message beyond the key or word at fault.
 */
import { dirname } from 'node:path';
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import { HoldfastError } from '../errors';
import { completeConfig, type Environment } from './complete';
import { type ConfigPath, type Problem, schemaProblems, showConfigPath } from './problems';
import { referenceProblems } from './references';
import { configSchema } from './schema';
import type { Config, LoadedConfig } from './types';
import { walElsewhere } from './wal-elsewhere';
import { withoutEffect } from './without-effect';

/** @param file absolute path, for messages and for the relative paths in it
 * @throws HoldfastError `config_invalid` with one hint for each problem, in order of lines */
export function parseConfig(text: string, file: string, environment: Environment = {}): LoadedConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    refuse(
      file,
      document.errors.map((one) => ({ line: lines.linePos(one.pos[0]).line, text: lower(one.message) })),
    );
  }
  const data: unknown = document.toJS() ?? {};
  const locate = (problem: Problem) => {
    const offset = offsetOf(document, problem);
    const where = showConfigPath(problem.path);
    return {
      line: offset === undefined ? undefined : lines.linePos(offset).line,
      text: `${where}${where && ': '}${problem.message}`,
    };
  };
  const parsed = configSchema.safeParse(data);
  const problems = [...(parsed.success ? [] : schemaProblems(parsed.error.issues, data)), ...referenceProblems(data)];
  if (!parsed.success || problems.length > 0) return refuse(file, problems.map(locate));

  const { config, filled, problems: open } = completeConfig(parsed.data, environment, dirname(file));
  if (open.length > 0) return refuse(file, open.map(locate));
  return {
    config,
    file,
    filled,
    warnings: [...document.warnings.map((one) => lower(one.message)), ...warningsOf(config), ...withoutEffect(data)],
  };
}

interface LocatedProblem {
  line?: number;
  text: string;
}

function refuse(file: string, problems: LocatedProblem[]): never {
  const sorted = [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  const hints = [
    ...new Set(sorted.map((one) => `${file}${one.line === undefined ? '' : `:${one.line}`}: ${one.text}`)),
  ];
  const count = hints.length === 1 ? 'a problem' : `${hints.length} problems`;
  const first = sorted[0]?.line;
  throw new HoldfastError('config_invalid', `the configuration has ${count}`, {
    where: first === undefined ? file : `${file}:${first}`,
    hints,
  });
}

/** Where in the text a problem is: its key or value, else the nearest thing above it that was written. */
function offsetOf(document: Document, problem: Problem): number | undefined {
  for (let path: ConfigPath = problem.path; path.length > 0; path = path.slice(0, -1)) {
    const holder: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
    if (isMap(holder)) {
      const pair = holder.items.find((one) => isScalar(one.key) && String(one.key.value) === String(path.at(-1)));
      if (pair !== undefined && isScalar(pair.key)) {
        const atValue = path === problem.path && problem.atKey !== true && isScalar(pair.value);
        return (atValue && isScalar(pair.value) ? pair.value.range?.[0] : pair.key.range?.[0]) ?? undefined;
      }
    } else {
      const node: unknown = document.getIn(path, true);
      if (isNode(node)) return node.range?.[0];
    }
  }
  return document.contents?.range?.[0];
}

function warningsOf(config: Config): string[] {
  const warnings: string[] = [];
  if (config.encryption === undefined) {
    warnings.push('no encryption is configured: whoever can read a store can read the backups');
  }
  for (const [name, site] of Object.entries(config.sites)) {
    if (Object.keys(site.components).length === 0)
      warnings.push(`site ${name} has no components: there is nothing to back up`);
  }
  warnings.push(...walElsewhere(config));
  return warnings;
}

function lower(message: string): string {
  const line = message.split('\n')[0] as string;
  return line.charAt(0).toLowerCase() + line.slice(1);
}
