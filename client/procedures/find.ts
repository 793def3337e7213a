/** Finds a procedure by what a person calls it: its workflow id, the beginning of one that runs, or the only one that runs. */
import { type Client, type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import { nearestName } from '../../domain/config/nearest';
import { HoldfastError } from '../../domain/errors';

const replicating = ['replicateBackup', 'replicateBackups'];
const proving = ['verifyBackup', 'verifySample', 'recoveryTest'];
const procedures = new Set(['backup', 'restore', 'pointInTimeRestore', 'consolidate', ...proving, ...replicating]);
/** They come and go by themselves all day: who names nothing means one only where nothing else runs. */
const upkeep = new Set(['recoveryPoint', 'applyRetention', 'cleanUp', 'moveBackups']);

/** @throws HoldfastError `procedure_not_found` */
export async function findProcedure(client: Client, name?: string): Promise<WorkflowHandle> {
  if (name !== undefined && (await exists(client, name))) return client.workflow.getHandle(name);
  const asked = await runningOf(client, procedures);
  const ids =
    name !== undefined || asked.length === 0 ? [...asked, ...(await runningOf(client, upkeep))].sort() : asked;
  const fitting = name === undefined ? ids : ids.filter((id) => id.startsWith(name));
  if (fitting.length === 1) return client.workflow.getHandle(fitting[0] as string);
  const what = name === undefined ? 'no procedure was named' : `there is no procedure "${name}"`;
  const near = name === undefined ? undefined : nearestName(name, ids);
  throw new HoldfastError(
    'procedure_not_found',
    ids.length === 0 ? `${name === undefined ? 'no procedure runs' : what}` : what,
    {
      hints:
        ids.length === 0
          ? []
          : [...(near === undefined ? [] : [`did you mean "${near}"?`]), `running: ${ids.join(', ')}`],
    },
  );
}

/** Workflow ids of the procedures that somebody waits for. */
export async function runningProcedures(client: Client): Promise<string[]> {
  return await runningOf(client, procedures);
}

async function runningOf(client: Client, types: ReadonlySet<string>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { workflowId, type } of client.workflow.list({ query: 'ExecutionStatus = "Running"' })) {
    if (types.has(type)) ids.push(workflowId);
  }
  return ids.sort();
}

async function exists(client: Client, workflowId: string): Promise<boolean> {
  try {
    await client.workflow.getHandle(workflowId).describe();
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
