/**
 * Stands around every activity of a process under test: notes what is called and how long it takes, kills the process at the
 * armed moment, and counts what was done twice while it can still be counted.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Context } from '@temporalio/activity';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import type { BackupJob, RestorePart } from '../../activities/contracts';
import { armed, fire } from './moments';
import { note, type PlacedNote } from './notes';
import { countStoredTwice } from './stored-twice';

const counted = { id: '', calls: new Map<string, number>() };

export class Witness implements ActivityInboundCallsInterceptor {
  constructor(private readonly folder: string) {}

  async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    const { activityType: activity, attempt, workflowType, workflowExecution } = Context.current().info;
    if (workflowType === 'shipWal') return next(input);
    const moment = armed(this.folder);
    const nth = countCall(activity, moment?.id ?? '');
    const call = {
      workflowId: workflowExecution?.workflowId ?? '',
      workflowType: workflowType ?? '',
      activity,
      nth,
      attempt,
    };
    const mine = moment?.activity === activity && moment.nth === nth ? moment : undefined;
    note(this.folder, { kind: 'begin', ...call });
    if (mine?.when === 'before') await fire(this.folder, mine);
    await this.count(activity, input.args[0]);
    const begun = performance.now();
    const timer = mine?.when === 'middle' ? setTimeout(() => void fire(this.folder, mine), mine.afterMs) : undefined;
    try {
      return await next(input);
    } finally {
      clearTimeout(timer);
      // One that was quicker than its last time is cut at its end: every moment fires.
      if (mine && mine.when !== 'before') await fire(this.folder, mine);
      note(this.folder, { kind: 'end', ...call, ms: Math.round(performance.now() - begun) });
    }
  }

  private async count(activity: string, argument: unknown): Promise<void> {
    if (activity === 'sealBackup') {
      const { backupId, components } = argument as BackupJob;
      const names = components.map(({ name }) => name);
      // A second attempt finds it sealed and cleared up: the first one's count is what counts.
      note(this.folder, await countStoredTwice(backupId, names));
    }
    if (activity === 'finishTree') note(this.folder, placedIn(argument as RestorePart));
  }
}

function countCall(activity: string, id: string): number {
  if (counted.id !== id) {
    counted.id = id;
    counted.calls.clear();
  }
  const nth = (counted.calls.get(activity) ?? 0) + 1;
  counted.calls.set(activity, nth);
  return nth;
}

/** What the journal beside the target says. */
function placedIn({ job, component }: RestorePart): PlacedNote {
  const { workDir } = job.components.find(({ name }) => name === component) as { workDir: string };
  const lines = readFileSync(path.join(workDir, 'journal'), 'latin1').split('\n');
  const packs = lines.filter((line) => line.startsWith('placed ')).map((line) => line.split(' ')[2]);
  return { kind: 'placed', component, packs: packs.length, again: packs.length - new Set(packs).size };
}
