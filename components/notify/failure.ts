/** How a delivery failed: by the target's name, since its address may be a secret. */
import { HoldfastError } from '../../domain/errors';

/** It may go better later. */
export function failed(name: string, why: string): HoldfastError {
  return new HoldfastError('notification_failed', `${name} could not be told: ${oneLine(why)}`, {
    where: `notifications.targets.${name}`,
    hints: ['holdfast doctor tries every target; holdfast notify test sends to them'],
  });
}

/** It fails until somebody changes something. */
export function refused(name: string, why: string): HoldfastError {
  return new HoldfastError('notification_refused', `${name} was not told: ${oneLine(why)}`, {
    where: `notifications.targets.${name}`,
    hints: ['correct the target in the configuration, then try it with holdfast notify test'],
  });
}

export function tooLate(name: string): HoldfastError {
  return failed(name, 'it did not answer in time');
}

const longest = 200;

/** What a server says is told shortened, and as text alone. */
export function oneLine(text: string): string {
  return text
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, longest);
}

/** `ECONNREFUSED`, `ENOTFOUND` … of whatever lies behind an error; never its words, which may repeat an address. */
export function systemCode(error: unknown): string | undefined {
  for (let at: unknown = error; typeof at === 'object' && at !== null; at = 'cause' in at ? at.cause : undefined) {
    const code: unknown = 'code' in at ? at.code : undefined;
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code)) return code;
  }
  return undefined;
}
