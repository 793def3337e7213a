import type { BackupHead, Proof } from '../../domain/backup';
import { withProof } from '../../repository/proofs';

const head: BackupHead = {
  ...{ id: 'b', system: 's', site: 'dc01', type: 'full', status: 'completed', startedAt: '2026-01-01T00:00:00Z' },
  ...{ components: {}, bytes: 0, storedBytes: 0, stores: ['hot'], location: '' },
};
const proof = (level: Proof['level'], at: string, outcome: Proof['outcome'] = 'passed'): Proof => ({
  ...{ level, at, seconds: 1, outcome },
});

test('of each level the last proof is kept, and only a good one counts as verified or proven', () => {
  const quick = withProof(head, proof('quick', '2026-01-02T00:00:00Z'));
  expect(quick).toMatchObject({ verifiedAt: '2026-01-02T00:00:00Z' });
  expect(quick.provenAt).toBeUndefined();
  const failed = withProof(quick, proof('quick', '2026-01-03T00:00:00Z', 'failed'));
  expect(failed).toMatchObject({ verifiedAt: '2026-01-02T00:00:00Z', proofs: [{ outcome: 'failed' }] });
  const proven = withProof(failed, proof('test-restore', '2026-01-04T00:00:00Z', 'warning'));
  expect(proven).toMatchObject({ verifiedAt: '2026-01-04T00:00:00Z', provenAt: '2026-01-04T00:00:00Z' });
  expect(proven.proofs?.map(({ level, outcome }) => [level, outcome])).toEqual([
    ['quick', 'failed'],
    ['test-restore', 'warning'],
  ]);
});
