import { rm } from 'node:fs/promises';
import path from 'node:path';
import {
  appendReceipt,
  getReceipt,
  type NewReceipt,
  putBackupReceipt,
  verifyReceipts,
} from '../../repository/receipts';
import { flipByte, folder, keyFile, open, removeAll } from './made';

afterAll(removeAll);

function receipt(workflowId: string, changes: Partial<NewReceipt['holdfast']> = {}): NewReceipt {
  return {
    receipt_version: '1.0',
    backup_id: 'shop_full_20260101_000000',
    timestamp: '2026-01-01T00:00:00Z',
    backup_type: 'full',
    git_sha: null,
    image_digest: null,
    hostname: 'host',
    service: 'shop-backup',
    exit_code: 0,
    checksum_hash: null,
    backup_path: '/backups',
    holdfast: {
      procedure: 'backup',
      workflowId,
      runId: 'run',
      status: 'completed',
      startedAt: '2026-01-01T00:00:00Z',
      endedAt: '2026-01-01T00:01:00Z',
      steps: [],
      warnings: [],
      ...changes,
    },
  };
}

async function made() {
  const root = await folder();
  return { root, copy: (await open({ roots: [root], keySource: await keyFile() })).copy() };
}

describe('the chain of receipts', () => {
  test('stays whole when many add to it at once, and takes each run once', async () => {
    const { copy } = await made();
    const keys = await Promise.all(
      Array.from({ length: 12 }, (_, number) => appendReceipt(copy, receipt(`w-${number}`))),
    );
    expect(new Set(keys).size).toBe(12);
    expect(keys.sort()[0]).toBe('receipts/0000000001.json');
    expect(await appendReceipt(copy, receipt('w-3'))).toBe(await appendReceipt(copy, receipt('w-3')));
    expect(await verifyReceipts(copy)).toEqual({ receipts: 12, broken: [] });
  });

  test('shows a receipt that was changed, taken out or put elsewhere', async () => {
    const { root, copy } = await made();
    for (let number = 1; number <= 6; number++) await appendReceipt(copy, receipt(`w-${number}`));
    await flipByte(path.join(root, 'receipts/0000000002.json'), 40);
    await rm(path.join(root, 'receipts/0000000004.json'));
    await copy.store.put('receipts/0000000006.json', await copy.store.get('receipts/0000000005.json'));
    const { broken } = await verifyReceipts(copy);
    expect(broken.map(({ key }) => Number(key.slice(-7, -5)))).toEqual(expect.arrayContaining([3, 4, 6]));
  });

  test('has the same receipt beside the backup', async () => {
    const { copy } = await made();
    const key = await appendReceipt(copy, receipt('w'));
    await putBackupReceipt(copy, 'shop_full_20260101_000000', key);
    const beside = await getReceipt(copy, 'backups/shop_full_20260101_000000/receipt.json');
    expect(beside).toEqual(await getReceipt(copy, key));
    expect(Object.keys(beside).sort()).toEqual(Object.keys(receipt('w')).sort());
  });

  test('tells no file names of an encrypted repository', async () => {
    const { copy } = await made();
    const warnings = ['the file secret/plans changed', 'the file secret/list vanished'];
    const error = {
      code: 'source_unreadable',
      message: 'cannot read "secret plans" in /srv/secret/x',
      where: '/srv/secret',
    };
    const key = await appendReceipt(copy, receipt('w', { status: 'failed', warnings, error }));
    const text = (await copy.store.get(key)).toString();
    expect(text).not.toContain('secret');
    expect((await getReceipt(copy, key)).holdfast).toMatchObject({
      warnings: ['2 warnings: the sealed manifest has the text'],
      error: { code: 'source_unreadable', message: 'cannot read … in …' },
    });
  });
});
