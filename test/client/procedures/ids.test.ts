import { backupWorkflowId, restoreWorkflowId, verifyWorkflowId } from '../../../client/procedures/ids';

test('one backup a site, one restore a target, one verification a backup', () => {
  expect(backupWorkflowId('shop', 'dc01')).toBe('backup/shop/dc01');
  expect(verifyWorkflowId('shop', 'dc01', 'shop_full_20260101_000000')).toBe('verify/shop/shop_full_20260101_000000');
  const inPlace = restoreWorkflowId('shop', { site: 'dc01' });
  expect(inPlace).toBe('restore/shop/dc01/in-place');
  expect(restoreWorkflowId('shop', { site: 'dc01', to: '/a' })).toMatch(/^restore\/shop\/dc01\/[0-9a-f]{16}$/);
  expect(restoreWorkflowId('shop', { site: 'dc01', to: '/a' })).toBe(
    restoreWorkflowId('shop', { site: 'dc01', to: '/a' }),
  );
});

test('latest is another backup at each site', () => {
  expect(verifyWorkflowId('shop', 'dc01', 'latest')).not.toBe(verifyWorkflowId('shop', 'dc02', 'latest'));
});
