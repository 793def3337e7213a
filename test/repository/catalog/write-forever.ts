/** A child process that writes and removes heads of a repository in a folder until it is killed. */
import { putHead, removeHead } from '../../../repository/heads';
import { Repository } from '../../../repository/repository';
import { openStore } from '../../../repository/stores/open';
import { syntheticHead } from './synthetic-head';

async function main(root: string, writer: number): Promise<void> {
  const stores = [openStore('s0', { kind: 'dir', path: root })];
  const copy = (await Repository.open({ stores, keySource: { kind: 'none' }, system: 'shop' })).copy();
  for (let change = 0; ; change++) {
    const head = syntheticHead(copy, writer * 1000 + (change % 3), { seconds: change });
    if (change % 4 === 3) await removeHead(copy, head.id);
    else await putHead(copy, head);
    process.send?.(change);
  }
}

if (require.main === module) void main(process.env['ROOT'] ?? '', Number(process.env['WRITER']));
