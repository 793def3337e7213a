/** `pin` and `unpin`: a backup that is kept whatever retention says; with `--hold` by law. */
import { HoldfastError } from '../../domain/errors';
import type { SparingKind } from '../../repository/pins';
import type { Repository } from '../../repository/repository';
import { isKnown, notFoundIn } from '../catalog/named-backup';
import { withRepository } from '../catalog/open';
import { spareBackup, spareNoMore } from '../catalog/spare';
import { configured, type GlobalOptions, type Outcome } from '../context';
import { confirm } from '../output/confirm';
import { say } from '../output/say';

export interface PinOptions extends GlobalOptions {
  reason?: string;
  hold?: boolean;
}

const longest = 500;

export async function pin(options: PinOptions, given?: string): Promise<Outcome> {
  const backupId = plainId(given);
  if ((options.reason?.length ?? 0) > longest) {
    throw new HoldfastError('usage', `a reason has at most ${longest} characters`, { where: '--reason' });
  }
  const loaded = await configured(options);
  return withRepository(loaded, async (repository) => {
    const spared = await spareBackup(present(repository, backupId), kindOf(options), {
      backupId,
      reason: options.reason,
    });
    for (const store of spared.lostIn)
      say(`warning: in ${store} it is being removed: the pin counts in the other stores`);
    const lines = [
      `${backupId} is ${words[spared.kind]} in ${spared.stores.join(', ')}, by ${spared.by} since ${spared.at}`,
    ];
    if (spared.revived.length > 0) lines.push(`it had expired, and is offered again in ${spared.revived.join(', ')}`);
    return { json: spared, text: lines.join('\n') };
  });
}

export async function unpin(options: PinOptions, given?: string): Promise<Outcome> {
  const backupId = plainId(given);
  const kind = kindOf(options);
  if (kind === 'hold') await confirm(`the legal hold of ${backupId} ends, and retention may remove it`, options);
  const loaded = await configured(options);
  return withRepository(loaded, async (repository) => {
    const { copies, unavailable } = present(repository, backupId);
    const stores = await spareNoMore(copies, kind, backupId);
    const told = stores.length > 0 || unavailable.length > 0 || (await isKnown(copies, backupId));
    if (!told) throw await notFoundIn(copies, backupId);
    const text =
      stores.length === 0 ? `${backupId} was not ${words[kind]}` : `${backupId} is not ${words[kind]} any more`;
    return { json: { kind, backupId, stores }, text };
  });
}

const words: Record<SparingKind, string> = { pin: 'pinned', hold: 'under legal hold' };

function kindOf({ hold }: PinOptions): SparingKind {
  return hold ? 'hold' : 'pin';
}

/** It becomes a name in the store. */
function plainId(given = ''): string {
  if (/^[A-Za-z0-9._=-]{1,200}$/.test(given) && given !== 'latest') return given;
  throw new HoldfastError('usage', `"${given}" names no backup`, {
    hints: ['pins are for one backup by its id, since "latest" is another one tomorrow: holdfast list'],
  });
}

function present(repository: Repository | undefined, backupId: string): Repository {
  if (repository) return repository;
  throw new HoldfastError('backup_not_found', `no store holds ${backupId}`, { hints: ['there is no backup yet'] });
}
