/** What the processes under test saw, one JSON line each, appended by whoever lives at the time. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** One call of an activity; without `ms` it began and never ended. */
export interface CallNote {
  kind: 'begin' | 'end';
  workflowId: string;
  workflowType: string;
  activity: string;
  /** Which of the calls of this activity in this process since the last arming. */
  nth: number;
  attempt: number;
  ms?: number;
}

/** Taken when everything of a backup is stored and nothing was cleared away yet. */
export interface StoredTwiceNote {
  kind: 'stored twice';
  backupId: string;
  packs: number;
  packsTwice: number;
  bytesTwice: number;
}

/** Taken when everything of a component is placed. */
export interface PlacedNote {
  kind: 'placed';
  component: string;
  packs: number;
  /** Fetched and placed again although an earlier attempt had said that they are placed. */
  again: number;
}

export type Note = CallNote | StoredTwiceNote | PlacedNote;

const file = (folder: string) => path.join(folder, 'notes.jsonl');

export function note(folder: string, one: Note): void {
  appendFileSync(file(folder), `${JSON.stringify(one)}\n`);
}

/** Those from the given position on. */
export function notesSince(folder: string, position = 0): Note[] {
  if (!existsSync(file(folder))) return [];
  const lines = readFileSync(file(folder), 'utf8').split('\n').filter(Boolean);
  return lines.slice(position).map((line) => JSON.parse(line) as Note);
}
