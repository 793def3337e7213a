/** What a schedule hands to the run it starts: everything it needs, so that a run does what was applied and not what a file says since. */

/** Of a site's health: what the work cannot do without. */
export interface HealthQuestion {
  site: string;
  /** Components that are read. */
  components: string[];
  /** The first is written, or asked, before all others: without it there is nothing to begin. */
  stores: string[];
}

export interface Health {
  /** Why nothing can be done at the site now; empty: it is healthy. */
  problems: string[];
  /** What is away and not needed for the beginning. */
  warnings: string[];
}

/** The work: the same procedure under the same id as when somebody starts it by hand. */
export interface ScheduledOrder {
  type: string;
  workflowId: string;
  request: object;
  summary: string;
  /** Tells whether one that runs already is the same. */
  fingerprint: string;
}

export interface ScheduledRequest {
  site: string;
  /** The tier, or what of the maintenance. */
  work: string;
  /** As applied; for people and for `schedules diff`. */
  when: string;
  health: Omit<HealthQuestion, 'site'>;
  /** Those it writes or reads, as the search attribute names them. */
  stores: string[];
  order: ScheduledOrder;
  /** Workflows that it does not begin beside: what is being restored is no state to keep. */
  notDuring?: string[];
  /** How long it waits for its turn. */
  waitMs: number;
  /** How many runs may work with one of its stores at once; absent: it is too small to count. */
  atOnce?: number;
  /** Over how long those are spread that start together after an outage; absent: they are not. */
  jitterMs?: number;
}

export type ScheduledOutcome = 'completed' | 'skipped';

export interface ScheduledEnd {
  outcome: ScheduledOutcome;
  reason?: string;
}

export interface Turn {
  /** What it waits for; absent: it is its turn. */
  waitsFor?: string;
  /** How many are to go before it; absent: it is the next. */
  ahead?: number;
  /** The same work with the same request runs already: there is nothing to wait for. */
  same?: boolean;
}

export interface TurnQuestion {
  order: Pick<ScheduledOrder, 'workflowId' | 'fingerprint'>;
  notDuring?: string[];
  /** As in the search attribute. */
  stores: string[];
  atOnce?: number;
  /** RFC 3339. */
  startedAt: string;
}

/** A store as the search attribute names it. */
export function storeInAttribute(system: string, store: string): string {
  return `${system}/${store}`;
}
