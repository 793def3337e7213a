/** `notify test`: sends a notice from here to one target, or to all, and says which took it. */
import { hostname } from 'node:os';
import { masked } from '../../components/config-file/secrets';
import { deliver, targetOf } from '../../components/notify/deliver';
import { siteNames } from '../../domain/config/names';
import type { Config } from '../../domain/config/types';
import { type ErrorReport, HoldfastError, reportError } from '../../domain/errors';
import type { Delivery } from '../../domain/notifications/notice';
import { configured, type GlobalOptions, type Outcome } from '../context';
import { table } from '../output/table';

interface Tried {
  target: string;
  kind: string;
  arrived: boolean;
  error?: ErrorReport;
}

export async function test(options: GlobalOptions, name?: string): Promise<Outcome> {
  const { config } = await configured(options);
  const names = asked(config, name);
  const at = new Date();
  const tried = await Promise.all(names.map((one) => tryOne(config, one, at)));
  const rows = tried.map(({ target, kind, arrived, error }) => [
    target,
    kind,
    arrived ? 'took it' : (error?.message ?? ''),
  ]);
  const hints = tried.flatMap(({ target, error }) => (error?.hints ?? []).map((hint) => `hint: ${target}: ${hint}`));
  const arrived = tried.every((one) => one.arrived);
  return { json: tried, text: [table(['TARGET', 'KIND', ''], rows), ...hints].join('\n'), exit: arrived ? 0 : 1 };
}

/** @throws HoldfastError `usage` with the nearest name */
function asked(config: Config, name: string | undefined): string[] {
  const names = Object.keys(config.notifications?.targets ?? {});
  if (names.length === 0) {
    const hints = ['name one below notifications.targets; holdfast config schema shows how'];
    throw new HoldfastError('usage', 'the configuration has no targets of notifications', { hints });
  }
  if (name === undefined) return names;
  if (names.includes(name)) return [name];
  try {
    targetOf(config, name);
  } catch (error) {
    const { message, hints } = reportError(error);
    throw new HoldfastError('usage', message, { where: name, hints });
  }
  return [name];
}

async function tryOne(config: Config, target: string, at: Date): Promise<Tried> {
  const { kind } = targetOf(config, target);
  const { system } = config;
  const site = siteNames(config)[0] ?? '';
  const order: Delivery = {
    target,
    at: at.toISOString(),
    occasion: `test/${system}/${at.getTime()}`,
    notice: {
      ...{ event: 'test', system, site, subject: `a test of notifications (${system})` },
      lines: [`sent from ${hostname()} to try ${target}: nothing has happened`],
      facts: { target },
    },
  };
  try {
    await deliver(config, order);
    return { target, kind, arrived: true };
  } catch (error) {
    return { target, kind, arrived: false, error: masked(reportError(error)) };
  }
}
