/** `doctor`: everything a first run needs, and how to mend what is missing. Exit 1 when something must be mended. */

import { withoutSecrets } from '../../components/config-file/environment';
import { slotName } from '../../components/postgres/wal/replication';
import { siteOf } from '../../domain/config/names';
import type { LoadedConfig } from '../../domain/config/types';
import { strictestLock } from '../../domain/locks';
import { configured, type GlobalOptions, type Outcome } from '../context';
import { checkComponent } from '../doctor/components';
import { checkEngine } from '../doctor/engine';
import { type Examined, examine, ok } from '../doctor/finding';
import { checkKey } from '../doctor/key';
import { checkTarget } from '../doctor/notifications';
import { checkService } from '../doctor/services';
import { checkStore } from '../doctor/stores';
import { table } from '../output/table';
import { askedSites } from '../sites';

export async function doctor(options: GlobalOptions & { site?: string }): Promise<Outcome> {
  const loaded = await configured(options);
  const examined = await examineAll(loaded, askedSites(loaded.config, options.site));
  const findings = examined.flatMap(({ area, findings: found }) => found.map((one) => ({ area, ...one })));
  const healthy = !findings.some(({ level }) => level === 'error');
  return { json: { healthy, findings }, text: describe(examined), exit: healthy ? 0 : 1 };
}

function examineAll(loaded: LoadedConfig, sites: string[]): Promise<Examined[]> {
  const { config, file } = loaded;
  return Promise.all([
    examine('configuration', async () => [ok('config', `${file} is right`)]),
    examine('engine', () => checkEngine(loaded)),
    examine('key', () => checkKey(loaded)),
    ...Object.entries(config.stores).map(([name, one]) =>
      examine(`store ${name}`, () => checkStore(name, one, strictestLock(config, name))),
    ),
    ...Object.entries(config.notifications?.targets ?? {}).map(([name, one]) =>
      examine(`notify ${name}`, () => checkTarget(config, name, one)),
    ),
    ...sites.flatMap((site) => [
      ...Object.entries(siteOf(config, site).components).map(([name, one]) =>
        examine(`${site} ${name}`, () => checkComponent(config, one, slotName(config.system, site, name))),
      ),
      ...Object.entries(siteOf(config, site).services).map(([name, one]) =>
        examine(`${site} service ${name}`, () => checkService(name, one, withoutSecrets(config))),
      ),
    ]),
  ]);
}

const marks = { ok: 'ok', warning: 'warning', error: 'PROBLEM' } as const;

function describe(examined: Examined[]): string {
  const rows = examined.flatMap(({ area, findings }) => findings.map((one) => [marks[one.level], area, one.what]));
  const hints = examined.flatMap(({ area, findings }) =>
    findings.flatMap((one) => (one.level !== 'ok' && one.hint !== undefined ? [`hint: ${area}: ${one.hint}`] : [])),
  );
  const problems = rows.filter(([mark]) => mark === marks.error).length;
  const end = problems === 0 ? 'everything a first run needs is there' : `${problems} to be mended`;
  return [table(['', 'AREA', 'FOUND'], rows), ...hints, end].join('\n');
}
