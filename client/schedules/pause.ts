/** Pausing: who, why and when stand in the schedule's own note, where the Web UI shows them too. */
import { operator } from '../operator';

export interface Pause {
  by?: string;
  /** RFC 3339. */
  at?: string;
  reason: string;
}

export function pauseNote(reason: string, now: Date): string {
  return `paused by ${operator()} at ${now.toISOString()}: ${reason}`;
}

export function resumeNote(now: Date): string {
  return `resumed by ${operator()} at ${now.toISOString()}`;
}

/** Of a schedule that was paused by other means only the note is known. */
export function readPause(note: string | undefined): Pause {
  const match = /^paused by (.+?) at (\d{4}-\d\d-\d\dT[\d:.]+Z): (.*)$/s.exec(note ?? '');
  if (match === null) return { reason: note ?? '' };
  const [, by, at, reason = ''] = match;
  return { by, at, reason };
}
