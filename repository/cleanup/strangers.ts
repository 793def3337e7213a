/** What lies at the top of a store and is none of ours: somebody's, and left to them. A few requests, however much there is. */
import { tellLeft } from '../../domain/cleanup/report';
import { storeFolders } from '../../domain/store-folders';
import { descriptionKey } from '../names';
import type { Cleaning } from './cleaning';

const ours = new Set([...storeFolders, descriptionKey]);

export async function tellStrangers({ copy, outcome, signal }: Cleaning): Promise<void> {
  let after: string | undefined;
  for (;;) {
    let next: string | undefined;
    for await (const { key } of copy.store.list('', { after, signal })) {
      next = key;
      break;
    }
    if (next === undefined) return;
    const [top = '', ...rest] = next.split('/');
    if (!ours.has(top)) tellLeft(outcome, `${rest.length > 0 ? `${top}/` : top}: none of ours`);
    after = rest.length > 0 ? `${top}/~` : next; // behind every character a key may have
  }
}
