/** Runs of which somebody is told, and such as were recorded when nobody was. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Addressed } from '../../domain/notifications/notice';
import { type Behaviour, failing, hang } from '../workflows/mocked-site';
import type { Scene } from './scene';
import { movingToStores } from './scenes-storage';
import { awaited, cancelAgain } from './scenes-unlock';

function notice(subject: string, targets = ['ops', 'dba']): Addressed {
  const of = { system: 'sys', site: 'dc01' };
  return { targets, notice: { event: 'backups_removed', ...of, subject, lines: [subject], facts: { count: 1 } } };
}

/** Two stores, and in each something goes of which two hear. */
export function removing(more: Behaviour = {}): Behaviour {
  const store = { keep: 2, expire: 0, remove: 1, move: 0, systems: 0 };
  return {
    planRetention: () => ({
      ...{ request: { site: 'dc01' }, run: 'r', warnings: [] },
      stores: [
        { store: 'hot', ...store },
        { store: 'warm', ...store },
      ],
      notices: [notice('not proved', ['pager'])],
    }),
    archiveBackups: () => ({ count: 1, left: [], notices: [notice('archived in hot', ['ops'])] }),
    sweepBackups: ({ store: where }: { store: string }) => ({
      count: 1,
      left: [],
      notices: [notice(`removed from ${where}`)],
    }),
    ...more,
  };
}

function scheduled(workflowId = `scheduled-work/${randomUUID()}`): object {
  const request = { backup: 'latest', level: 'full' };
  return {
    ...{ work: 'nightly', when: '0 2 * * * UTC', health: { components: ['database'], stores: ['hot'] } },
    ...{ stores: ['sys/hot'], waitMs: 500, atOnce: 2 },
    order: { type: 'verifyBackup', workflowId, request, summary: 'verification', fingerprint: 'a' },
  };
}

const told = { targets: ['ops'], storedBytes: 100 };

/** As the agent plans it when somebody hears of it. */
function moving(): Behaviour {
  const behaviour = movingToStores();
  const plan = behaviour['planMoves']?.() as { copies: object[]; moves: object[] };
  const order = { backupId: 'sys_full_20261122_020000', class: 'GLACIER_IR', site: 'dc01', store: 'warm', told };
  const copies = plan.copies.map((one) => ({ ...one, told }));
  return { ...behaviour, planMoves: () => ({ ...plan, moves: [order], copies }) };
}

export const noticeScenes: Scene[] = [
  { type: 'applyRetention', reason: 'told', behaviour: () => removing() },
  {
    type: 'applyRetention',
    reason: 'told-in-vain',
    behaviour: () => removing({ deliverNotice: failing('notification_refused') }),
  },
  {
    type: 'applyRetention',
    reason: 'told-and-failed',
    behaviour: () => {
      let sweeps = 0;
      const { sweepBackups } = removing();
      return removing({
        sweepBackups: (part) => (++sweeps === 1 ? sweepBackups?.(part) : failing('store_denied')()),
      });
    },
  },
  {
    type: 'applyRetention',
    reason: 'told-and-aborted',
    behaviour: () => {
      let sweeps = 0;
      const { sweepBackups } = removing();
      return removing({ sweepBackups: (part) => (++sweeps === 1 ? sweepBackups?.(part) : hang()) });
    },
    act: async ({ calls }, handle) => {
      while (calls.filter((one) => one === 'sweepBackups').length < 2) await sleep(100);
      await handle.cancel();
    },
  },
  {
    type: 'applyRetention',
    reason: 'told-of-archived',
    behaviour: () => {
      const plan = removing()['planRetention']?.() as { stores: object[] };
      return removing({
        planRetention: () => ({ ...plan, stores: plan.stores.map((one) => ({ ...one, archive: 1 })) }),
      });
    },
  },
  { type: 'moveBackups', reason: 'told', behaviour: moving },
  {
    type: 'scheduledRun',
    reason: 'failed-and-told',
    request: scheduled(),
    behaviour: () => ({ findBackup: failing('backup_not_found') }),
  },
  {
    type: 'scheduledRun',
    reason: 'skipped-and-told',
    request: scheduled(),
    behaviour: () => ({ takeTurn: () => ({ same: true }) }),
  },
  {
    type: 'scheduledRun',
    reason: 'skipped-and-nobody-to-tell',
    request: scheduled(),
    behaviour: () => ({ takeTurn: () => ({ same: true }), alertTargets: () => ({ system: 'sys', targets: [] }) }),
  },
  {
    type: 'expireAtUnlock',
    reason: 'retention-failed-and-told',
    request: awaited(0),
    firstRun: true,
    behaviour: () => ({ planRetention: failing('listing_incomplete') }),
    act: cancelAgain,
  },
];
