/** What may stand in the clear beside an encrypted backup: counts and codes, no file names. The sealed manifest has the rest. */
import type { BackupHead, ComponentSummary, Receipt } from '../domain/backup';
import type { RepositoryCopy } from './copy';

const telling = /"[^"]*"|'[^']*'|`[^`]*`|\S*\/\S*/g;

export function clearText(copy: RepositoryCopy, text: string): string {
  return copy.encrypted ? text.replace(telling, '…') : text;
}

function clearWarnings(copy: RepositoryCopy, warnings: string[]): string[] {
  if (!copy.encrypted || warnings.length === 0) return warnings;
  return warnings.length === 1 && isCount(warnings[0])
    ? warnings
    : [`${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'}: the sealed manifest has the text`];
}

/** How many there were, whether or not their text is shown. */
export function countWarnings(warnings: string[]): number {
  return isCount(warnings[0]) ? Number.parseInt(warnings[0] as string, 10) : warnings.length;
}

/** What this function made before stays as it is when a head is written again. */
function isCount(warning: string | undefined): boolean {
  return warning !== undefined && /^\d+ warnings?: the sealed manifest has the text$/.test(warning);
}

export function clearHead(copy: RepositoryCopy, head: BackupHead): BackupHead {
  const components = Object.fromEntries(
    Object.entries(head.components).map(([name, summary]): [string, ComponentSummary] => [
      name,
      { ...summary, warnings: clearWarnings(copy, summary.warnings) },
    ]),
  );
  const error = head.error && { ...head.error, message: clearText(copy, head.error.message) };
  return { ...head, components, ...(error === undefined ? {} : { error }) };
}

export function clearReceipt(copy: RepositoryCopy, receipt: Receipt): Receipt {
  if (!copy.encrypted) return receipt;
  const { error, warnings } = receipt.holdfast;
  const told = error && { code: error.code, message: clearText(copy, error.message) };
  return {
    ...receipt,
    holdfast: {
      ...receipt.holdfast,
      warnings: clearWarnings(copy, warnings),
      ...(told === undefined ? {} : { error: told }),
    },
  };
}
