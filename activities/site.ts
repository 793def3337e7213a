/**
 * Every activity of a site's agent, bound to its context. Each is idempotent: it may run twice, be cut at any byte, or overlap with
 * a zombie of itself, and the next attempt goes on from what the store, the disk and the server say.
 * Arguments and answers are small (`contracts.ts`) and hold no secret: they stay in histories. Not guaranteed: any order; that is the
 * workflows' part.
 */
import { tellsOfStore } from './answering';
import { announceBackup, beginBackup, checkHealth } from './backup/begin';
import { planComponent } from './backup/plan';
import { awaitWal, copyManifest, copyRun, discardBackup, publishBackup, sealBackup } from './backup/seal';
import { abandonSnapshot, closeSnapshot, openSnapshot } from './backup/snapshot';
import { storeRun } from './backup/store-run';
import { awaitSource } from './backup/stream/await-source';
import { storeStream } from './backup/stream/store-stream';
import { cleanStore, storesToClean } from './cleanup/clean-store';
import { beginConsolidation } from './consolidate/begin';
import { planConsolidation } from './consolidate/plan';
import { consolidateRun } from './consolidate/put-together';
import type { SiteContext } from './context';
import type { SiteActivities } from './contracts';
import { renewLeases } from './leases/hold';
import { contextOf } from './only-store';
import { beginPoint } from './point/begin';
import { expirePoints } from './point/expire';
import { awaitMarks, markDatabases } from './point/marks';
import { writeReceipt } from './receipts/write';
import { beginReplication, endReplication, reachStore } from './replicate/begin';
import { nextToCopy } from './replicate/plan';
import { publishCopy } from './replicate/publish';
import { repairBackup } from './replicate/repair';
import { replicateRun } from './replicate/run';
import { replicateWal } from './replicate/wal';
import { putDataBack, removeWorkDirs, setDataAside } from './restore/aside';
import { checkTarget } from './restore/check-target';
import { dropSetAside } from './restore/drop';
import { fetchWal } from './restore/fetch-wal';
import { placeRun } from './restore/place-run';
import { endReplay, finishReplay, prepareReplay, replay, validate } from './restore/replay';
import { resolveRestore } from './restore/resolve';
import { putServicesBack, recordServices, startServices, stopServices, stopStarted } from './restore/services';
import { finishTree, prepareTree } from './restore/trees';
import { planRetention } from './retention/plan';
import { removeOldWal } from './retention/remove-wal';
import { archiveBackups, expireBackups, sweepBackups } from './retention/stages';
import { siteHealth } from './schedule/health';
import { lockedParts, lockRest, lockRun, planLock } from './storage/lock';
import { moveClass, planMoves } from './storage/move';
import { offerAgain } from './storage/offer-again';
import { askThaw, thawed } from './storage/thaw';
import { damagePlaced, findDamage } from './verify/damage';
import { findBackup } from './verify/find';
import { judgePlaced, judgeReplayed } from './verify/judge';
import { storeRecoveryTest } from './verify/results';
import { planSample } from './verify/sample';
import { planScenario } from './verify/scenario';
import { listPlaced, openScratch, removeScratch } from './verify/scratch';
import { verifyStructure } from './verify/structure';
import { recordVerified, verifyManifest, verifyRun, verifyWal } from './verify/verify';
import { awaitShipper } from './wal/await-shipper';
import { receiveWal } from './wal/receive';

const activities = {
  ...{ beginBackup, checkHealth, announceBackup, awaitShipper, openSnapshot, planComponent, storeRun },
  ...{ awaitSource, storeStream },
  ...{
    closeSnapshot,
    abandonSnapshot,
    awaitWal,
    sealBackup,
    verifyRun,
    copyRun,
    copyManifest,
    publishBackup,
    discardBackup,
  },
  ...{ beginConsolidation, planConsolidation, consolidateRun },
  ...{ beginPoint, markDatabases, awaitMarks, expirePoints },
  ...{
    nextToCopy,
    beginReplication,
    reachStore,
    replicateRun,
    replicateWal,
    publishCopy,
    endReplication,
    repairBackup,
  },
  ...{ planRetention, archiveBackups, expireBackups, sweepBackups, removeOldWal },
  ...{ receiveWal },
  ...{ siteHealth },
  ...{
    resolveRestore,
    fetchWal,
    checkTarget,
    recordServices,
    stopServices,
    stopStarted,
    putServicesBack,
    setDataAside,
    putDataBack,
  },
  ...{ prepareTree, placeRun, finishTree, prepareReplay, replay, validate, finishReplay, endReplay },
  ...{ startServices, dropSetAside, removeWorkDirs },
  ...{ renewLeases, storesToClean, cleanStore },
  ...{ planLock, lockedParts, lockRun, lockRest, planMoves, moveClass, offerAgain, askThaw, thawed },
  ...{ findBackup, verifyManifest, verifyStructure, verifyWal, recordVerified, writeReceipt },
  ...{ openScratch, removeScratch, listPlaced, judgePlaced, judgeReplayed },
  ...{ planScenario, damagePlaced, findDamage, storeRecoveryTest, planSample },
} satisfies { [Name in keyof SiteActivities]: (context: SiteContext, argument: never) => Promise<unknown> };

export function siteActivities(context: SiteContext): SiteActivities {
  return Object.fromEntries(
    Object.entries(activities).map(([name, activity]) => [
      name,
      async (argument: never) => {
        try {
          return await activity(contextOf(context, argument), argument);
        } catch (error) {
          if (tellsOfStore(error)) context.lookAgain();
          throw error;
        }
      },
    ]),
  ) as unknown as SiteActivities;
}
