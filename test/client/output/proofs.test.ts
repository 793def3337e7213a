/** A proof that fails, that is too old or never was: what `status` shows of it, what it says, and which alarm the metrics raise. */
import { samplesFrom } from '../../../client/metrics/samples';
import { heldCopies, proofProblems, proofsTable } from '../../../client/output/proofs';
import type { BackupHead, Proof } from '../../../domain/backup';
import { parseConfig } from '../../../domain/config/parse';
import { proofHealth } from '../../../domain/verification/proof-health';
import { alertRules } from '../../support/alert-rules';

const day = 24 * 3600_000;
const now = Date.parse('2026-02-01T00:00:00Z');
const ago = (days: number) => new Date(now - days * day).toISOString();
const { config } = parseConfig(
  `system: shop
sites: { dc01: { components: { files: { kind: files, paths: [/etc] } } } }
stores: { hot: { kind: dir, path: /hot } }
verification: { level: full, stale: 7d }
`,
  '/c/holdfast.yaml',
);
const summary = {
  kind: 'files',
  runs: 1,
  packs: 1,
  files: 1,
  bytes: 1,
  storedBytes: 1,
  warnings: [] as string[],
} as const;
const proof = (level: Proof['level'], days: number, outcome: Proof['outcome'] = 'passed'): Proof => ({
  ...{ level, at: ago(days), seconds: 1, outcome },
});

/** One backup, a month old. */
function backup(...proofs: Proof[]): BackupHead {
  return {
    ...{
      id: 'b',
      system: 'shop',
      site: 'dc01',
      type: 'full',
      status: 'completed',
      startedAt: ago(30),
      endedAt: ago(30),
    },
    ...{ components: { files: summary }, bytes: 1, storedBytes: 1, stores: ['hot'], location: '/hot', proofs },
  };
}

function seen(head: BackupHead) {
  const copies = heldCopies([
    { ...head, copies: [{ store: 'hot', location: '/hot', status: head.status, proofs: head.proofs }] },
  ]);
  const health = proofHealth(config.verification, [{ site: 'dc01', name: 'files' }], copies, now);
  const reading = { store: 'hot', backups: [head], heads: [head], components: [], maintenance: [] };
  const samples = samplesFrom(config, ['dc01'], { stores: [reading], measuredAt: new Map([['hot', now]]), now });
  return {
    table: proofsTable(health, now).join('\n'),
    problems: proofProblems(health, config.verification, now),
    alarms: alertRules().flatMap(({ alert, expr }) => {
      const [, metric, sign, limit] = /\((holdfast_proof_[a-z]+)\) (>|==) (\d+)$/.exec(expr) ?? [];
      const raised = samples.some(
        ({ name, value }) => name === metric && (sign === '>' ? value > Number(limit) : value === Number(limit)),
      );
      return raised ? [alert] : [];
    }),
  };
}

test.each([
  ['fresh', [proof('full', 1)], /files .*proved .*full .*b .*hot .*1d/, [], []],
  [
    'failing',
    [proof('full', 1, 'failed')],
    /files .*failing/,
    [/^b of files \(dc01\) failed its verification in hot$/],
    ['HoldfastProofFailing'],
  ],
  [
    'stale',
    [proof('full', 8)],
    /files .*stale .*8d/,
    [/was proved for 8d, by full or more: it is wanted every 7d/],
    ['HoldfastProofOverdue'],
  ],
  ['never', [proof('quick', 1)], /files .*never proved/, [/was proved yet, by full or more/], ['HoldfastProofOverdue']],
] as const)('%s', (_name, proofs, row, problems, alarms) => {
  const found = seen(backup(...proofs));
  expect(found.table).toMatch(row);
  expect(found.problems).toEqual(problems.map((one) => expect.stringMatching(one)));
  expect(found.alarms).toEqual(alarms);
});
