/** The runs of verification whose histories are kept. */
import { type Behaviour, backupJob, failing, hang, oneRun } from '../workflows/mocked-site';
import { cancelAt, type Scene } from './scene';

const verify = { backup: 'latest', level: 'full' };
const testRestore = { backup: 'latest', level: 'test-restore' };

const test = { backup: 'latest', scenarios: ['full_recovery', 'data_corruption'] };

export const verificationScenes: Scene[] = [
  { type: 'verifyBackup', reason: 'completed-before-proofs', kept: true },
  { type: 'verifyBackup', reason: 'damaged-before-proofs', kept: true },
  { type: 'verifyBackup', reason: 'completed', request: verify },
  {
    type: 'verifyBackup',
    reason: 'damaged',
    request: verify,
    behaviour: () => ({ verifyRun: failing('checksum_mismatch') }),
  },
  {
    type: 'verifyBackup',
    reason: 'damaged-and-repaired',
    request: verify,
    behaviour: repairable,
  },
  {
    type: 'verifyBackup',
    reason: 'store-away',
    request: verify,
    behaviour: () => ({ verifyRun: failing('store_denied') }),
  },
  { type: 'verifyBackup', reason: 'dry-run', request: { ...verify, dryRun: true } },
  { type: 'verifyBackup', reason: 'test-restored', request: testRestore },
  {
    type: 'verifyBackup',
    reason: 'test-restore-refused-by-judge',
    request: testRestore,
    behaviour: () => ({ judgeReplayed: failing('validation_failed') }),
  },
  {
    type: 'verifyBackup',
    reason: 'test-restore-aborted',
    request: testRestore,
    behaviour: () => ({ replay: hang }),
    act: cancelAt('replay'),
  },
  { type: 'recoveryTest', reason: 'proved', request: test },
  {
    type: 'recoveryTest',
    reason: 'one-failed',
    request: test,
    behaviour: () => ({ judgePlaced: failing('validation_failed') }),
  },
  {
    type: 'recoveryTest',
    reason: 'aborted',
    request: test,
    behaviour: () => ({ replay: hang }),
    act: cancelAt('scenario'),
  },
  {
    type: 'recoveryScenario',
    reason: 'damaged-and-mended',
    request: { backup: 'latest', scenario: 'data_corruption' },
  },
  {
    type: 'recoveryScenario',
    reason: 'more-than-asked-for',
    request: { backup: 'latest', scenario: 'partial_recovery' },
    behaviour: () => ({ listPlaced: () => ['config', 'database'] }),
  },
  {
    type: 'recoveryScenario',
    reason: 'nothing-elsewhere',
    request: { backup: 'latest', scenario: 'cross_site_recovery' },
    behaviour: () => ({ planScenario: failing('backup_not_found') }),
  },
  { type: 'verifySample', reason: 'completed' },
  { type: 'verifySample', reason: 'one-failed', behaviour: () => ({ verifyRun: failing('object_not_found') }) },
];

/** A copy that is damaged until it is repaired. */
function repairable(): Behaviour {
  let damaged = true;
  return {
    findBackup: () => ({
      ...backupJob,
      components: [{ name: 'database', runs: 3 }],
      bytes: 900,
      packs: 9,
      repair: true,
    }),
    verifyRun: () => (damaged ? failing('checksum_mismatch')() : oneRun),
    repairBackup: () => {
      damaged = false;
      return { packs: 9, repaired: [{ key: 'a', store: 'hot', from: 'warm' }], count: 1 };
    },
  };
}
