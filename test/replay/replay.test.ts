import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { workflowBundle } from '../../workers/bundle';
import * as workflows from '../../workflows';
import { type Recorded, readHistory, recordedHistories } from './recorded';
import { scenes } from './scenes';

interface Event {
  eventType: string;
  activityTaskScheduledEventAttributes?: { activityType: { name: string } };
  workflowExecutionStartedEventAttributes?: { workflowId: string; workflowType: { name: string } };
}

interface History {
  events: Event[];
}

function historyOf(one: Recorded): History {
  return JSON.parse(readHistory(one)) as History;
}

/** The ids of children are made of it. */
function workflowIdOf({ events }: History): string | undefined {
  return events[0]?.workflowExecutionStartedEventAttributes?.workflowId;
}

let bundle: { codePath: string };
beforeAll(async () => {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'OFF', forward: {} } },
  });
  bundle = { codePath: await workflowBundle() };
});

const types = Object.keys(workflows);
const recorded = recordedHistories();

test('every workflow type has recorded histories, and every history is one of a scene', () => {
  const missing = types.filter((type) => !recorded.some((one) => one.type === type));
  expect(missing).toEqual([]);
  const named = (list: { type: string; reason: string }[]) =>
    list.map(({ type, reason }) => `${type}/${reason}`).sort();
  expect(named(recorded)).toEqual(named(scenes));
});

test.each(recorded.map((one) => [`${one.type}/${one.reason}`, one] as const))(
  '%s replays on the present code',
  async (_name, one) => {
    const history = historyOf(one);
    await Worker.runReplayHistory({ workflowBundle: bundle }, history, workflowIdOf(history));
  },
);

describe('a mutated history is refused', () => {
  const original = () => historyOf({ type: 'restore', reason: 'completed' });

  async function refusal(history: unknown): Promise<unknown> {
    return Worker.runReplayHistory({ workflowBundle: bundle }, history, 'mutated').then(
      () => undefined,
      (error: Error) => error.name,
    );
  }

  test('as it is, it is not', async () => {
    expect(await refusal(original())).toBeUndefined();
  });

  test('with another activity in its place', async () => {
    const history = original();
    for (const { activityTaskScheduledEventAttributes: scheduled } of history.events) {
      if (scheduled?.activityType.name === 'stopServices') scheduled.activityType.name = 'setDataAside';
    }
    expect(await refusal(history)).toBe('DeterminismViolationError');
  });

  test('as a run of another workflow type', async () => {
    const history = original();
    for (const { workflowExecutionStartedEventAttributes: started } of history.events) {
      if (started) started.workflowType.name = 'backup';
    }
    expect(await refusal(history)).toBe('DeterminismViolationError');
  });
});

test('no history holds anything of the machine it was recorded on', () => {
  const ofMachines = /\/(home|root|work|tmp|var|Users)\/|node_modules|\d+@[a-z]\S*/;
  const told = recorded.map((one) => {
    const text = readHistory(one);
    const payloads = [...text.matchAll(/"data":"([^"]*)"/g)].map((match) => Buffer.from(String(match[1]), 'base64'));
    return [one.type, one.reason, [text, ...payloads.map(String)].join('\n').match(ofMachines)?.[0]];
  });
  expect(told.filter(([, , found]) => found !== undefined)).toEqual([]);
});

test('histories can be written at all: one copy of protobufjs serves the SDK and us', () => {
  expect(() => historyToJSON({ events: [{ eventType: 1 }] })).not.toThrow();
});
