/** Whether the store's books are right after many kills: one receipt for each procedure, one head for each backup, nothing besides. */
import { loadConfig } from '../../components/config-file/load';
import { openConfiguredRepository } from '../../components/config-file/open-repository';
import { listHeads } from '../../repository/heads';
import { backupsPrefix } from '../../repository/names';
import { verifyReceipts } from '../../repository/receipts';

export interface Books {
  receipts: number;
  brokenReceipts: number;
  completed: number;
  /** Ids that have objects and no head that says `completed`. */
  strays: string[];
}

export async function readBooks(configFile: string): Promise<Books> {
  const { config } = await loadConfig(configFile);
  const repository = await openConfiguredRepository(config);
  try {
    const copy = repository.copy();
    const { receipts, broken } = await verifyReceipts(copy);
    const { heads } = await listHeads(copy);
    const completed = new Set(heads.filter(({ status }) => status === 'completed').map(({ id }) => id));
    const ids = new Set<string>();
    for await (const { key } of copy.store.list(backupsPrefix)) ids.add(key.split('/')[1] as string);
    const strays = [...ids].filter((id) => !completed.has(id));
    return { receipts, brokenReceipts: broken.length, completed: completed.size, strays };
  } finally {
    await repository.close();
  }
}
