import { bestProof, byChain, failedProofs, isWanted, type ListedBackup } from '../../../domain/catalog/filter';

function backup(id: string, more: Partial<ListedBackup> = {}): ListedBackup {
  return {
    ...{ id, system: 'shop', site: 'dc01', type: 'full', status: 'completed', startedAt: '2026-01-02T00:00:00Z' },
    components: { files: { kind: 'files', runs: 1, packs: 1, files: 1, bytes: 1, storedBytes: 1, warnings: [] } },
    ...{ bytes: 1, storedBytes: 1, stores: ['hot'], location: '/hot', tier: 'daily' },
    copies: [
      { store: 'hot', location: '/hot', status: 'completed' },
      { store: 'far', location: '/far', status: 'expired' },
    ],
    ...more,
  };
}

test.each([
  [{}, true],
  [{ sites: ['dc02'] }, false],
  [{ tier: 'daily' }, true],
  [{ tier: 'weekly' }, false],
  [{ type: 'incremental' as const }, false],
  [{ status: 'completed' as const }, true],
  [{ status: 'expired' as const }, false],
  [{ status: 'expired' as const, store: 'far' }, true],
  [{ status: 'completed' as const, store: 'far' }, false],
  [{ store: 'cold' }, false],
  [{ component: 'files' }, true],
  [{ component: 'database' }, false],
  [{ since: '2026-01-02T00:00:00.000000Z' }, true],
  [{ since: '2026-01-02T00:00:01.000000Z' }, false],
  [{ until: '2026-01-02T00:00:00.000000Z' }, true],
  [{ until: '2026-01-01T23:59:59.000000Z' }, false],
  [{ id: 'shop_fu' }, true],
  [{ id: 'shop_in' }, false],
])('%j picks a backup: %s', (filter, picked) => {
  expect(isWanted(backup('shop_full_1'), { sites: ['dc01'], ...filter })).toBe(picked);
});

test('a chain stays together at the place of its first, also where others were made between', () => {
  const all = [backup('a'), backup('b'), backup('a1', { chain: ['a'] }), backup('a2', { chain: ['a', 'a1'] })];
  expect(byChain(all).map(({ backup: { id }, depth }) => [id, depth])).toEqual([
    ['a', 0],
    ['a1', 1],
    ['a2', 1],
    ['b', 0],
  ]);
});

test('a chain whose first is not shown stays together all the same', () => {
  const all = [backup('b'), backup('a1', { chain: ['a'] }), backup('a2', { chain: ['a', 'a1'] })];
  expect(byChain(all).map(({ backup: { id }, depth }) => [id, depth])).toEqual([
    ['b', 0],
    ['a1', 0],
    ['a2', 1],
  ]);
});

test('of the proofs of a copy the strongest that passed counts, and each that failed is told', () => {
  const proof = { at: '2026-01-03T00:00:00Z', seconds: 1 };
  const copy = {
    ...{ store: 'hot', location: '/hot', status: 'completed' as const, verifiedAt: '2026-01-02T00:00:00Z' },
    proofs: [
      { ...proof, level: 'quick' as const, outcome: 'passed' as const },
      { ...proof, level: 'full' as const, outcome: 'warning' as const },
      { ...proof, level: 'test-restore' as const, outcome: 'failed' as const },
    ],
  };
  expect(bestProof(copy)).toEqual({ level: 'full', at: proof.at });
  expect(failedProofs(copy)).toEqual(['test-restore']);
  expect(bestProof({ ...copy, proofs: [] })).toEqual({ level: 'verified', at: '2026-01-02T00:00:00Z' });
});
