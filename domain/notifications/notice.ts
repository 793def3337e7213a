/**
 * What is told to people and programs when something happened: the same whichever way it goes. Guaranteed: a notice is small whatever it speaks of, holds
 * no secret, and has an id that every attempt to deliver it shares. Not guaranteed: that it comes once: who gets one twice knows it by that id.
 */
export type NoticeEvent =
  | 'backups_removed'
  | 'backups_archived'
  | 'backups_moved'
  | 'skipped'
  | 'failed'
  | 'unproved'
  | 'test';

export interface Notice {
  event: NoticeEvent;
  system: string;
  site: string;
  /** One line, for people. */
  subject: string;
  /** A few more. */
  lines: string[];
  /** The same for programs. */
  facts: Record<string, unknown>;
}

/** A notice, and the names of those who are to have it. */
export interface Addressed {
  targets: string[];
  notice: Notice;
}

/** One notice for one target. */
export interface Delivery {
  target: string;
  notice: Notice;
  /** Of the occasion: workflow, run and step. */
  occasion: string;
  /** When it happened, RFC 3339. */
  at: string;
}

/** What programs read: the body of a webhook, the standard input of a command. */
export interface NoticeDocument extends Notice {
  format: 1;
  /** The same for every attempt, and for every target. */
  id: string;
  at: string;
  occasion: string;
}

/** Of a list that may be long, so many are named. */
export const namedAtMost = 5;

/** `a, b and 3 more` */
export function firstOf(names: string[]): string {
  const more = names.length - namedAtMost;
  return more > 0 ? `${names.slice(0, namedAtMost).join(', ')} and ${more} more` : names.join(', ');
}

/** For people, with where to look. */
export function textOf({ notice, at, occasion }: Pick<Delivery, 'notice' | 'at' | 'occasion'>): string {
  return [
    notice.subject,
    '',
    ...notice.lines,
    '',
    `system ${notice.system}, site ${notice.site}, ${at}`,
    `workflow ${occasion}`,
    '',
  ].join('\n');
}
