/** The runs of verification whose histories are kept. */
import { failing, hang } from '../workflows/mocked-site';
import { cancelAt, type Scene } from './scene';

const verify = { backup: 'latest', level: 'full' };
const testRestore = { backup: 'latest', level: 'test-restore' };

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
];
