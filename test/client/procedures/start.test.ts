import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { type Order, startProcedure } from '../../../client/procedures/start';

const order: Order = {
  type: 'backup',
  workflowId: 'backup/shop/dc01',
  request: { site: 'dc01', upload: true, tier: undefined },
  summary: 'x',
};

/** An engine that knows at most one running workflow, by id. */
function fakeClient() {
  const running = new Map<string, { memo: object }>();
  const workflow = {
    start: async (type: string, { workflowId, memo }: { workflowId: string; memo: object }) => {
      if (running.has(workflowId)) throw new WorkflowExecutionAlreadyStartedError('there', workflowId, type);
      running.set(workflowId, { memo });
      return { firstExecutionRunId: 'run' };
    },
    getHandle: (workflowId: string) => ({
      workflowId,
      describe: async () => ({ runId: 'run', ...running.get(workflowId) }),
    }),
  };
  return { workflow } as unknown as Client;
}

test('the first starts it, the same again joins it', async () => {
  const client = fakeClient();
  expect(await startProcedure(client, order)).toMatchObject({ joined: false, workflowId: order.workflowId });
  expect(await startProcedure(client, { ...order, request: { upload: true, site: 'dc01' } })).toMatchObject({
    joined: true,
  });
});

test('another request of the same id is refused, with what to do', async () => {
  const client = fakeClient();
  await startProcedure(client, order);
  await expect(startProcedure(client, { ...order, request: { site: 'dc01', upload: false } })).rejects.toMatchObject({
    code: 'already_running',
    exitCode: 2,
    hints: [expect.stringContaining('holdfast abort backup/shop/dc01')],
  });
});

test('a restore to a point in time does not join a restore of the same request', async () => {
  const client = fakeClient();
  await startProcedure(client, { ...order, type: 'restore' });
  await expect(startProcedure(client, { ...order, type: 'pointInTimeRestore' })).rejects.toMatchObject({
    code: 'already_running',
  });
});
