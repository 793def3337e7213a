/** What the acts of the story share. */
import type { Engine } from './engine';
import type { Commands } from './holdfast';
import type { Narrator } from './narrator';
import type { DemoOptions } from './options';
import type { Stage } from './stage';
import type { Tidy } from './tidy';

export interface Setting {
  options: DemoOptions;
  narrator: Narrator;
  tidy: Tidy;
  signal: AbortSignal;
}

export interface Performance {
  stage: Stage;
  commands: Commands;
  engine: Engine;
  narrator: Narrator;
  tidy: Tidy;
  signal: AbortSignal;
}

/** The last line on stdout. */
export interface DemoResult {
  /** The chosen second, RFC 3339. */
  target: string;
  /** How often the worker was killed with -9 during the restore. */
  kills: number;
  /** Rows of the ledger committed at or before the target, counted before the wreck. */
  rowsExpected: number;
  /** All rows of the ledger after the restore. */
  rowsFound: number;
  /** From the last instant that the store could bring back to the wreck. */
  rpoSeconds: number;
  /** From the wreck until the database accepts writes again. */
  rtoSeconds: number;
  /** Of the whole demo. */
  seconds: number;
  /** A page of HTML. */
  report: string;
  restored: boolean;
}
