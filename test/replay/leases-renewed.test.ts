/** A day of waiting, written into a recorded history: no server lets a test wait that long. */
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { workflowBundle } from '../../workers/bundle';
import { readHistory } from './recorded';

interface Event {
  eventId: string;
  eventType: string;
  eventTime: string;
  activityTaskScheduledEventAttributes?: { activityId: string; activityType: { name: string } };
  timerStartedEventAttributes?: { timerId: string };
}

let bundle: { codePath: string };
beforeAll(async () => {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'OFF', forward: {} } },
  });
  bundle = { codePath: await workflowBundle() };
});

const recorded = () =>
  (JSON.parse(readHistory({ type: 'cleanUp', reason: 'completed' })) as { events: Event[] }).events;

/** Its first step has not begun when the timer of the leases fires; what was asked for then, and the next timer. */
function aDayLater(asked: string): { events: object[] } {
  const all = recorded();
  const firstStep = all.findIndex(({ eventType }) => eventType === 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED');
  const events: object[] = all.slice(0, firstStep + 1);
  const [, task, started, completed] = all as [Event, Event, Event, Event];
  const step = all[firstStep] as Event;
  const timer = all.find(({ timerStartedEventAttributes }) => timerStartedEventAttributes) as Event;
  const { timerId } = timer.timerStartedEventAttributes ?? {};
  const add = (event: Event, attributes: object): string => {
    const eventId = String(events.length + 1);
    events.push({ ...event, eventId, ...attributes });
    return eventId;
  };
  const plain = (eventType: string): Event => ({ eventId: '', eventType, eventTime: step.eventTime });
  const decide = (): string => {
    const scheduledEventId = add(task, {});
    const startedEventId = add(started, { workflowTaskStartedEventAttributes: { scheduledEventId } });
    return add(completed, { workflowTaskCompletedEventAttributes: { scheduledEventId, startedEventId } });
  };
  const fired = { timerId, startedEventId: timer.eventId };
  add(plain('EVENT_TYPE_TIMER_FIRED'), { timerFiredEventAttributes: fired });
  const scheduled = { ...step.activityTaskScheduledEventAttributes, activityId: '2', activityType: { name: asked } };
  const scheduledEventId = add(step, {
    activityTaskScheduledEventAttributes: { ...scheduled, workflowTaskCompletedEventId: decide() },
  });
  const startedEventId = add(plain('EVENT_TYPE_ACTIVITY_TASK_STARTED'), {
    activityTaskStartedEventAttributes: { scheduledEventId, attempt: 1 },
  });
  add(plain('EVENT_TYPE_ACTIVITY_TASK_COMPLETED'), {
    activityTaskCompletedEventAttributes: { scheduledEventId, startedEventId },
  });
  const workflowTaskCompletedEventId = decide();
  add(timer, {
    timerStartedEventAttributes: { ...timer.timerStartedEventAttributes, timerId: '2', workflowTaskCompletedEventId },
  });
  add(task, {});
  return { events };
}

test('a run that has waited for a day renews its leases, and waits for the next day', async () => {
  await Worker.runReplayHistory({ workflowBundle: bundle }, aDayLater('renewLeases'), 'waiting');
});

test('of a run that asks for anything else then the history is refused', async () => {
  const other = Worker.runReplayHistory({ workflowBundle: bundle }, aDayLater('cleanStore'), 'waiting');
  await expect(other).rejects.toThrow(/renewLeases/);
});
