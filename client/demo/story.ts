/** The story of the demo, act by act. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Load } from './bank';
import { tellEnd, tellHowToLook } from './farewell';
import type { DemoOptions } from './options';
import type { DemoResult, Performance } from './performance';
import { backUp, type Prepared } from './prologue';
import { receiptOf, reportPath, writeReport } from './report';
import { type Restored, restoreUnderFire } from './restore';
import { chooseTarget, lastRecoverable, type Target } from './target';
import { fingerprint } from './tree';
import { differences, judge } from './verdict';
import { type Wreck, wreck } from './wreck';

export async function perform({ on, documents }: Prepared, options: DemoOptions): Promise<DemoResult> {
  const { narrator } = on;
  const load = new Load(on.stage.cluster, documents);
  const treeBefore = fingerprint(on.stage.tree);
  await backUp(on);
  await sleep(options.size.secondsBefore * 1000);
  const target = await chooseTarget(on, options.size.secondsAfter);
  const wrecked = await wreck(on);
  await load.stop();

  narrator.line(`holdfast restore latest --at ${target.at}`);
  const restoring = restoreUnderFire(on, target.at, wrecked.databaseBytes);
  const serving = servingAgain(on);
  const rpoSeconds = (wrecked.at - Date.parse(await lastRecoverable(on))) / 1000;
  const restored = await restoring;
  const end: End = { target, wrecked, restored, rpoSeconds, problems: [] };
  if (restored.problem !== undefined) end.problems.push(restored.problem);
  else {
    end.servedAt = await serving;
    const found = await judge(on, target.at, documents);
    end.rowsFound = found.rows + found.later;
    end.problems.push(...differences(target.expected, found));
  }
  if (fingerprint(on.stage.tree).join() !== treeBefore.join()) end.problems.push('the configuration is not as it was');
  const result = resultOf(on, end);
  await report(on, result, end);
  tellEnd(on, result, end.problems);
  if (options.keep) tellHowToLook(on);
  return result;
}

interface End {
  target: Target;
  wrecked: Wreck;
  restored: Restored;
  rpoSeconds: number;
  servedAt?: number;
  rowsFound?: number;
  problems: string[];
}

/** Looks from the beginning: the end of the command is later than the end of the outage. */
async function servingAgain({ stage, signal }: Performance): Promise<number> {
  await stage.cluster.serving(signal);
  return Date.now();
}

function resultOf({ narrator }: Performance, end: End): DemoResult {
  return {
    target: end.target.at,
    kills: end.restored.kills.length,
    rowsExpected: end.target.expected.rows,
    rowsFound: end.rowsFound ?? 0,
    rpoSeconds: round(Math.max(0, end.rpoSeconds)),
    rtoSeconds: round(((end.servedAt ?? Date.now()) - end.wrecked.at) / 1000),
    seconds: round(narrator.seconds),
    report: reportPath(),
    restored: end.problems.length === 0,
  };
}

async function report({ stage }: Performance, result: DemoResult, end: End): Promise<void> {
  const { wrecked, restored, servedAt, problems } = end;
  const time = (at: number) => new Date(at).toISOString();
  writeReport({
    result,
    problems,
    receipt: await receiptOf(stage, restored.result?.receipt),
    events: [
      { at: time(wrecked.at), label: 'PostgreSQL killed, all its files deleted, the configuration damaged' },
      ...restored.kills.map(({ at, pid, during }) => ({ at, label: `kill -9 of the worker (pid ${pid}) ${during}` })),
      ...(servedAt === undefined ? [] : [{ at: time(servedAt), label: 'PostgreSQL accepts writes again' }]),
    ],
  });
}

function round(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}
