/** Runs procedures of the command line: joins the engine, starts or joins each, follows all to their end. */
import type { LoadedConfig } from '../../domain/config/types';
import type { ProcedureResult } from '../../domain/progress';
import type { HealthQuestion } from '../../domain/schedule/request';
import type { Outcome } from '../context';
import { joinEngine } from '../engine/join';
import { withWhere } from '../output/failure';
import { say, sayError } from '../output/say';
import { follow } from './follow';
import { askedOnce, type Skipped, whatIsWrongAt } from './healthy';
import { describeResult, exitOf } from './report';
import { type Order, type Started, startProcedure } from './start';

export interface LabelledOrder extends Order {
  /** Told in front of each line of progress when there are several. */
  label: string;
  /** Asked first; when the site is not well, the order is left out and that is told. */
  onlyIfWell?: HealthQuestion;
}

/** A procedure that was not waited for. */
interface Running {
  procedure: string;
  workflowId: string;
  status: 'in_progress';
}

type End = ProcedureResult | Running | Skipped;

export interface RunOptions {
  detach?: boolean;
  /** One after another instead of all at once. */
  inTurn?: boolean;
  /** Whether the answer is a list even when there is one order. */
  list?: boolean;
}

export async function runProcedures(
  loaded: LoadedConfig,
  orders: LabelledOrder[],
  options: RunOptions,
): Promise<Outcome> {
  let left = options.detach === true;
  const engine = await joinEngine(loaded, { start: true, say, keepServer: () => left });
  try {
    const wrong = askedOnce((question) => whatIsWrongAt(engine.client, question));
    const one = async (order: LabelledOrder): Promise<End> => {
      const reason = order.onlyIfWell && (await wrong(order.onlyIfWell));
      if (reason !== undefined) {
        say(`warning: ${order.label} is left out: ${reason}`);
        return { ...running(order), status: 'skipped', reason };
      }
      const started = await startProcedure(engine.client, order);
      announce(started, engine.ui);
      if (options.detach) return running(order);
      const end = await follow(started.handle, orders.length > 1 ? order.label : '');
      if (end !== 'left') return end;
      left = true;
      return running(order);
    };
    const ends = options.inTurn ? await inTurn(orders, one) : await Promise.all(orders.map(one));
    if (left && engine.owned) say('warning: its worker ends with this command: it goes on when "holdfast up" runs');
    return outcomeOf(ends, options.list === true || orders.length > 1);
  } finally {
    await engine.close();
  }
}

function announce({ workflowId, joined }: Started, ui: string | undefined): void {
  say(joined ? `${workflowId} runs already: joined it` : `${workflowId} was started`);
  if (ui !== undefined) say(`web ui: ${ui}/namespaces/default/workflows/${encodeURIComponent(workflowId)}`);
}

function running({ type, workflowId }: Order): Running {
  return { procedure: type, workflowId, status: 'in_progress' };
}

async function inTurn<T, R>(items: T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

/** The worst end decides the exit code. */
export function outcomeOf(ends: End[], list: boolean): Outcome {
  const exits = ends.map((end) => {
    if (end.status === 'skipped') return 1;
    return end.status === 'in_progress' ? 0 : exitOf(end);
  });
  const text = ends.map((end) => {
    if (end.status === 'skipped') return `${end.workflowId} was skipped: ${end.reason}`;
    return end.status === 'in_progress'
      ? `${end.workflowId} goes on: follow it with "holdfast watch ${end.workflowId}"`
      : describeResult(end);
  });
  for (const end of ends) if (end.status === 'failed' && end.error !== undefined) sayError(end.error);
  const json = ends.map((end) =>
    end.status !== 'in_progress' && end.status !== 'skipped' && end.error
      ? { ...end, error: withWhere(end.error) }
      : end,
  );
  return { json: list ? json : json[0], text: text.join('\n'), exit: Math.max(0, ...exits) };
}
