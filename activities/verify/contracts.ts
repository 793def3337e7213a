/** What the activities of verification take and give. */
import type { Proof, ProofLevel } from '../../domain/backup';
import type { RunOutcome } from '../../domain/runs';
import type { SampleRequest, ScenarioRequest, VerifyRequest } from '../../domain/verification/requests';
import type { RecoveryTestResult } from '../../domain/verification/results';
import type { Sampled } from '../../domain/verification/sample';
import type { LinkRuns, RestorePart, VerifyRunWork } from '../contracts';

/** What a verification asks of the store; exact for packs, since a manifest counts them. Of those that a backup builds upon a full one reads only what it needs: at most this. */
export interface VerifyCost {
  requests: number;
  /** That are read. */
  bytes: number;
}

export interface VerifyJob {
  site: string;
  system: string;
  backupId: string;
  store: string;
  components: { name: string; runs: number; links?: LinkRuns[] }[];
  bytes: number;
  packs: number;
  jobs: number;
  /** The store's own checksums are believed by a quick verification. Absent, as the cost: sent by a version before. */
  trusted?: boolean;
  cost?: VerifyCost;
  /** What is proved is this copy, and no other helps out. */
  onlyStore?: string;
  /** Damage is put right from another copy. */
  repair?: boolean;
  /** Milliseconds that a test restore may take. */
  limit?: number;
}

export type ReadLevel = Exclude<ProofLevel, 'test-restore'>;

export interface Scratch {
  /** What a restore is told as its `to`. */
  to: string;
  /** What is removed in the end, with everything in it. */
  dir: string;
}

export interface ScratchRequest {
  site: string;
  /** Absolute; absent: the configured one. */
  base?: string;
}

/** What was shown, a line each, and what was found that a restore brings back right all the same. */
export interface Evidence {
  evidence: string[];
  findings: string[];
}

/** What a scenario restores: chosen once, and the same in every retry. */
export interface ScenarioPlan {
  backupId: string;
  /** For people. */
  chosen: string;
  components?: string[];
  at?: string;
  onlyStore?: string;
  /** What draws it again; absent: nothing was drawn. */
  seed?: string;
  /** It is not what the scenario is best played with. */
  warnings?: string[];
  limit: number;
}

export interface DamageRequest {
  site: string;
  to: string;
  components: string[];
}

export interface SamplePlan {
  system: string;
  level: ProofLevel;
  copies: Sampled[];
  /** The way to a random moment is looked at too. */
  at?: string;
  /** What draws the same again; absent: sent by a version before. */
  seed?: string;
  limit: number;
}

export interface VerifyActivities {
  findBackup(request: VerifyRequest): Promise<VerifyJob>;
  verifyManifest(job: VerifyJob): Promise<void>;
  verifyRun(work: VerifyRunWork): Promise<RunOutcome>;
  verifyStructure(job: VerifyJob): Promise<{ warnings: string[] }>;
  /** In the store alone where one is named; else in any. */
  verifyWal(
    job: Pick<VerifyJob, 'backupId' | 'store' | 'onlyStore'> & { level: ReadLevel },
  ): Promise<{ warnings: string[] }>;
  /** Without a proof, as a version before sends it: that all was right. */
  recordVerified(job: VerifyJob & { level: ProofLevel; proof?: Omit<Proof, 'level' | 'at'> }): Promise<void>;
  // a test restore
  openScratch(request: ScratchRequest): Promise<Scratch>;
  removeScratch(scratch: Scratch): Promise<void>;
  judgePlaced(part: RestorePart): Promise<Evidence>;
  judgeReplayed(part: RestorePart): Promise<Evidence>;
  // recovery tests and samples
  planScenario(request: ScenarioRequest): Promise<ScenarioPlan>;
  listPlaced(scratch: { site: string; to: string }): Promise<string[]>;
  damagePlaced(request: DamageRequest): Promise<Evidence>;
  findDamage(request: DamageRequest): Promise<Evidence>;
  /** @returns its key in the stores */
  storeRecoveryTest(result: RecoveryTestResult): Promise<string>;
  planSample(request: SampleRequest): Promise<SamplePlan>;
}
