/**
 * What a backup of a pebibyte would leave in Temporal. The plan is the product's own planner's, on a made-up tree; the histories
 * are those of real workflows on a real server, with activities that answer at once.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Plannable, planRuns } from '../../domain/plan-runs';
import { startTemporal } from '../../test/support/temporal';
import { onStage } from '../../test/workflows/with-workers';
import { runsPerHistory } from '../../workflows/pack-runs';
import { type Row, rounded } from '../row';
import type { Session } from '../session';

const tib = 2 ** 40;
const planned = 1024 * tib;
const fileBytes = 2 ** 30;
/** Children of a real parent that are looked at. */
const watched = 3;
/** A full backup goes through its runs twice: it stores them, and it verifies them from the store. */
const passes = 2;

export async function history(session: Session): Promise<Row> {
  session.options.say('planning one pebibyte');
  const runs = await runsOf(planned);
  session.options.say(`${runs} runs; measuring real histories`);
  const { child, parent, perChild } = await measure();
  const parts = passes * Math.ceil(runs / runsPerHistory);
  const top: Size = { events: parent.events + parts * perChild.events, bytes: parent.bytes + parts * perChild.bytes };
  const events = top.events + parts * child.events;
  const bytes = top.bytes + parts * child.bytes;
  return {
    work: 'history',
    ours: rounded((events / planned) * tib),
    unit: 'events/TiB',
    peers: {},
    missing: [],
    details: {
      'one pebibyte': { runs, workflows: parts + 1, events: Math.round(events), 'history MB': rounded(bytes / 1e6) },
      'per TiB': { events: rounded((events / planned) * tib), 'history KB': rounded(((bytes / planned) * tib) / 1e3) },
      'largest history': {
        'events of a child': child.events,
        'KB of a child': rounded(child.bytes / 1e3),
        'events of the parent': Math.round(top.events),
        'KB of the parent': rounded(top.bytes / 1e3),
      },
    },
  };
}

async function runsOf(bytes: number): Promise<number> {
  function* entries(): Generator<Plannable> {
    const common = { root: 'data', type: 'file', mode: 0o600, uid: 1, gid: 1, mtimeNs: '0', ctimeNs: '0' } as const;
    for (let file = 0; file * fileBytes < bytes; file++) {
      yield { entry: { ...common, path: `base/5/${file}`, size: fileBytes, ino: String(file) } };
    }
  }
  const plan = planRuns(entries(), { mayChange: true, expectedBytes: bytes });
  for (;;) {
    const { done, value } = await plan.next();
    if (done) return value.runs;
  }
}

interface Size {
  events: number;
  bytes: number;
}

interface Histories {
  /** A child that works through as many runs as one may. */
  child: Size;
  /** The parent with next to nothing to do. */
  parent: Size;
  /** What each child adds to its parent. */
  perChild: Size;
}

async function measure(): Promise<Histories> {
  const env = await startTemporal();
  try {
    const sizeOf = async (workflowId: string): Promise<Size> => {
      const { historyLength, historySize } = await env.client.workflow.getHandle(workflowId).describe();
      return { events: historyLength, bytes: historySize ?? 0 };
    };
    const parent = await onStage(env, {}, async ({ start }) => {
      const handle = await start('backup', { type: 'full', upload: true });
      await handle.result();
      return sizeOf(handle.workflowId);
    });
    const runs = watched * runsPerHistory;
    const plan = { runs, packs: 1, files: 1, bytes: 1, lastFrom: runs, warnings: [] };
    return await onStage(env, { planComponent: () => plan }, async ({ start }) => {
      const handle = await start('backup', { type: 'full', upload: true });
      const sizes: Size[] = [];
      for (let done = 1; done < watched; done++) {
        const child = env.client.workflow.getHandle(
          `${handle.workflowId}/store/database/${(done - 1) * runsPerHistory}`,
        );
        await begun(() => child.result());
        sizes.push(await sizeOf(handle.workflowId));
      }
      const child = await sizeOf(`${handle.workflowId}/store/database/0`);
      await handle.terminate();
      const [first, last] = [sizes[0] as Size, sizes.at(-1) as Size];
      const between = sizes.length - 1;
      const perChild = {
        events: (last.events - first.events) / between,
        bytes: (last.bytes - first.bytes) / between,
      };
      return { child, parent, perChild };
    });
  } finally {
    await env.teardown();
  }
}

/** Waits for a workflow that may not have been started yet. */
async function begun<T>(result: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await result();
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'WorkflowNotFoundError') throw error;
      await pause(50);
    }
  }
}
