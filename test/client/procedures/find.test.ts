import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { findProcedure } from '../../../client/procedures/find';

const backup = { workflowId: 'backup/shop/dc01/1', type: 'backup' };
const point = { workflowId: 'point/shop/dc01/1', type: 'recoveryPoint' };
const retention = { workflowId: 'retention/shop/dc01/1', type: 'applyRetention' };
const shipper = { workflowId: 'wal/shop/dc01', type: 'shipWal' };

function engineWith(...running: (typeof backup)[]): Client {
  const getHandle = (workflowId: string) => ({
    workflowId,
    describe: async () => {
      if (!running.some((one) => one.workflowId === workflowId))
        throw new WorkflowNotFoundError('none', workflowId, '');
    },
  });
  return { workflow: { getHandle, list: () => running } } as unknown as Client;
}

const found = async (client: Client, name?: string) => (await findProcedure(client, name)).workflowId;

test('without a name the only one that somebody waits for is meant, whatever comes and goes beside it', async () => {
  expect(await found(engineWith(shipper, point, backup, retention))).toBe(backup.workflowId);
  expect(await found(engineWith(shipper, retention))).toBe(retention.workflowId);
  await expect(found(engineWith(shipper))).rejects.toMatchObject({ code: 'procedure_not_found' });
  await expect(found(engineWith(point, retention))).rejects.toMatchObject({
    hints: [`running: ${point.workflowId}, ${retention.workflowId}`],
  });
});

test('by its id, or by how it begins', async () => {
  const client = engineWith(backup, point, retention);
  expect(await found(client, point.workflowId)).toBe(point.workflowId);
  expect(await found(client, 'retention')).toBe(retention.workflowId);
  await expect(found(client, 'retentoin/shop/dc01/1')).rejects.toMatchObject({
    code: 'procedure_not_found',
    hints: expect.arrayContaining([`did you mean "${retention.workflowId}"?`]),
  });
});
