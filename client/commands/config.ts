/** `config check`, `config schema`, `config init`. */
import { writeFile } from 'node:fs/promises';
import { configPath } from '../../components/config-file/load';
import { jsonSchema } from '../../domain/config/json-schema';
import { keepRulesOf, showRules } from '../../domain/config/keep';
import { starterConfig } from '../../domain/config/starter';
import type { ComponentConfig, Config, LoadedConfig } from '../../domain/config/types';
import { formatDuration } from '../../domain/config/units';
import { HoldfastError } from '../../domain/errors';
import { lockWish } from '../../domain/locks';
import { promisedOf } from '../../domain/promised';
import { configuredWithWarnings, type GlobalOptions, type Outcome } from '../context';
import { plannedTable } from '../output/schedules';
import { table } from '../output/table';

export async function check(options: GlobalOptions): Promise<Outcome> {
  const loaded = await configuredWithWarnings(options);
  return { json: loaded, text: describe(loaded) };
}

function describe({ config, file, filled }: LoadedConfig): string {
  const rows = Object.entries(config.sites).flatMap(([site, { components, services }]) => [
    ...Object.entries(components).map(([name, one]) => [
      site,
      name,
      one.kind,
      one.kind === 'postgres' ? (one.dataDir ?? 'over its connection') : one.paths.join(', '),
      objectivesShown(config, one),
    ]),
    ...Object.entries(services).map(([name, one]) => [site, name, `service, ${one.control}`, '', '']),
  ]);
  const stores = Object.entries(config.stores).map(([name, one]) => [
    name,
    one.kind,
    one.kind === 'dir' ? one.path : `s3://${[one.bucket, one.prefix].filter(Boolean).join('/')} (${one.region})`,
  ]);
  const { rpo, rto } = config.objectives ?? {};
  const facts = [
    `${file} is right: system ${config.system}`,
    `engine: ${config.temporal === undefined ? 'embedded' : config.temporal.address}`,
    `encryption: ${config.encryption === undefined ? 'none' : (config.encryption.keyFile ?? config.encryption.kms)}`,
    ...(rpo === undefined ? [] : [`recovery point objective: ${formatDuration(rpo)}`]),
    ...(rto === undefined ? [] : [`recovery time objective: ${formatDuration(rto)}`]),
    `verification: ${verificationShown(config)}`,
    ...(config.metrics === undefined ? [] : [`metrics: http://${config.metrics.address}/metrics`]),
  ];
  const defaults = filled.map(({ setting, value, variable }) => [setting, value, variable ?? 'default']);
  return [
    facts.join('\n'),
    table(['SITE', 'NAME', 'KIND', 'WHERE', 'OBJECTIVES'], rows),
    table(['STORE', 'KIND', 'WHERE'], stores),
    ...tiersShown(config),
    ...plannedTable(config),
    ...(defaults.length === 0 ? [] : [table(['NOT IN THE FILE', 'VALUE', 'FROM'], defaults)]),
  ].join('\n\n');
}

function verificationShown({ verification }: Config): string {
  const { level, sample, stale } = verification;
  return `${level} of ${sample.join(', ')}; a proof is stale after ${formatDuration(stale)}`;
}

/** How long each tier's backups are kept, and where. */
function tiersShown(config: Config): string[] {
  const { tiers, retention } = config;
  const rows = Object.entries(tiers).flatMap(([name, tier]) =>
    [...new Set([...tier.to, ...(tier.copies?.to ?? [])])].map((store) => [
      name,
      tier.to.includes(store) ? store : `${store} (copy)`,
      tier.retentionClass === 'compliance' ? 'compliance: 7 years' : showRules(keepRulesOf(tier, store)),
      tier.strategy,
      lockShown(config, name, store),
    ]),
  );
  const { minimum, coolOff, wal } = retention;
  const general = `at least ${minimum} of each component; removed ${formatDuration(coolOff)} after expiry; WAL ${wal === undefined ? 'as long as backups' : `for ${formatDuration(wal)}`}`;
  return rows.length === 0 ? [] : [table(['TIER', 'STORE', 'KEEPS', 'STRATEGY', 'LOCKED'], rows), general];
}

/** What nobody can take back once it is written should be read before. */
function lockShown(config: Config, tier: string, store: string): string {
  const wish = lockWish(config, tier, store);
  return wish === undefined ? '' : `${wish.mode}, ${formatDuration(wish.for)}`;
}

/** What holds for a component, be it its own or the system's. */
function objectivesShown(config: Config, component: ComponentConfig): string {
  const { rpoSeconds, rtoSeconds } = promisedOf(config, component);
  return [
    ...(rpoSeconds === undefined ? [] : [`rpo ${formatDuration(rpoSeconds * 1000)}`]),
    ...(rtoSeconds === undefined ? [] : [`rto ${formatDuration(rtoSeconds * 1000)}`]),
  ].join(', ');
}

export function schema(): Promise<Outcome> {
  const json = jsonSchema();
  return Promise.resolve({ json, text: JSON.stringify(json, null, 2) });
}

export async function init(options: GlobalOptions): Promise<Outcome> {
  const file = configPath(options.config);
  try {
    await writeFile(file, starterConfig, { flag: 'wx', mode: 0o644 });
  } catch (error) {
    const there = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw new HoldfastError(
      'usage',
      there ? 'there is a configuration already' : 'the configuration cannot be written',
      {
        where: file,
        cause: error,
        hints: [
          there
            ? 'name another file with --config FILE; nothing is ever overwritten'
            : String((error as NodeJS.ErrnoException).code),
        ],
      },
    );
  }
  return {
    json: { file },
    text: `wrote ${file}: change it to fit, then run "holdfast config check" and "holdfast doctor"`,
  };
}
