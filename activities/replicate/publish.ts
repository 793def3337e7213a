/** A copy counts when all of it is in its store: only then the store’s catalog has it, with the proof of the copying and none of its source. */
import { cancellationSignal, log } from '@temporalio/activity';
import type { BackupHead, Proof } from '../../domain/backup';
import { HoldfastError, isHoldfastError } from '../../domain/errors';
import { isDamaged } from '../../domain/replication/wanted';
import { getHead, putHead } from '../../repository/heads';
import { replicateSealed } from '../../repository/replicate-sealed';
import { getSealedManifest } from '../../repository/sealed-manifest';
import { chainManifests } from '../backup/parent';
import { renewCatalogLines } from '../backup/seal';
import type { SiteContext } from '../context';
import { lockCopy } from '../storage/lock-copy';
import { provisionally } from '../storage/lockable';
import type { CopyPart, PublishedCopy } from './contracts';
import { type SourceCopy, sourceCopies } from './sources';

export async function publishCopy(
  context: SiteContext,
  { backupId, to, member, seconds }: CopyPart & { seconds: number },
): Promise<PublishedCopy> {
  const target = (await context.repository({ create: true })).copy(to);
  const sources = await sourceCopies(context, member.backupId, to);
  const head = sources.find((one) => one.head.status === 'completed')?.head ?? sources[0]?.head;
  if (head === undefined) throw new HoldfastError('internal', 'a source has gone');
  const repaired = await replicateSealed(
    sources.map(({ copy }) => copy),
    await provisionally(context, target, head.tier),
    head,
    cancellationSignal(),
  );
  for (const { key, store, from } of repaired)
    log.error(`${key} was damaged in ${store} and was repaired from ${from}`);
  const manifest = await getSealedManifest(target, head);
  await chainManifests(target, manifest.chain);
  const before = await getHead(target, member.backupId).catch(ofCopyOrNone);
  const kept = ofThisCopy(before);
  const at = new Date().toISOString();
  const alone = (head.chain ?? head.marks) && { alone: true as const };
  const proof: Proof = { level: 'quick', at, seconds, outcome: 'passed', ...alone };
  const { lock: _lock, proofs: _proofs, provenAt: _proven, moved: _moved, ...others } = head;
  const { storageClass: _class, movingTo: _moving, archived: _archived, ...described } = others;
  const stores = [...new Set([...sources.flatMap((one) => one.head.stores), to])];
  await putHead(target, {
    ...described,
    ...kept,
    ...{ stores, location: target.store.location, verifiedAt: at },
    proofs: [...(before ? stillSaid(before) : []), proof],
  });
  const warnings = await lockCopy(context, target, manifest, kept.lock);
  await renewCatalogLines(context, target);
  for (const source of sources) await tellStores(source, stores);
  if (member.backupId === backupId) log.info('a copy of a backup counts', { backupId, store: to });
  return {
    repaired: repaired.length,
    ...(before?.status === 'expired' && { expired: true }),
    ...(warnings.length > 0 && { warnings }),
  };
}

/** A copy that was found wrong was read, every byte of it, and put right. What a restore of it failed by copying does not tell. */
function stillSaid(before: BackupHead): Proof[] {
  const read = isDamaged(before);
  const answered = ({ level, outcome }: Proof) => outcome === 'failed' && level !== 'test-restore' && read;
  return (before.proofs ?? []).filter((one) => one.level !== 'quick' && !answered(one));
}

/** Of a copy that was there before: what was shown of it, when it expired, and what holds it. */
function ofThisCopy(before: BackupHead | undefined): Partial<BackupHead> {
  if (before === undefined || before.status === 'failed' || before.status === 'creating') return {};
  const { lock, provenAt, status, expiredAt, moved, storageClass, movingTo, archived } = before;
  return {
    ...{ status, ...(expiredAt && { expiredAt }), ...(moved && { moved }) },
    ...{ ...(lock && { lock }), ...(provenAt && { provenAt }), ...(storageClass && { storageClass }) },
    ...(movingTo && { movingTo }),
    ...(archived && { archived }),
  };
}

/** The other copies say so too. One that cannot be written now is told at the next copying. */
async function tellStores({ copy, head }: SourceCopy, stores: string[]): Promise<void> {
  if (stores.every((store) => head.stores.includes(store))) return;
  try {
    const now = await getHead(copy, head.id);
    await putHead(copy, { ...now, stores: [...new Set([...now.stores, ...stores])] });
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
  }
}

function ofCopyOrNone(error: unknown): undefined {
  if (isHoldfastError(error) && ['backup_not_found', 'catalog_damaged'].includes(error.code)) return undefined;
  throw error;
}
