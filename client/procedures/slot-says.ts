/** What the WAL that a server keeps for its shipper means to the user. */
import { formatBytes } from '../../domain/config/units';
import type { SlotRoom } from '../../domain/slot-room';

/** Below this, what is not shipped is about to be lost, or the server's disk to be full. */
const alarmHours = 1;
const warnHours = 24;
/** WAL that waits no longer than usual is not what fills a disk. */
const usualBytes = 256 * 1024 * 1024;

export function slotSays(where: string, slot: SlotRoom | undefined): { problems: string[]; warnings: string[] } {
  if (!slot) return { problems: [], warnings: [] };
  const { status, retainedBytes, hoursLeft } = slot;
  const kept = `the server keeps ${formatBytes(retainedBytes)} of WAL for ${where}`;
  if (status === 'lost' || status === 'unreserved') {
    return { problems: [`${kept} and gives it up: its slot is ${status}`], warnings: [] };
  }
  if (hoursLeft === undefined || retainedBytes < usualBytes || hoursLeft > warnHours) {
    return { problems: [], warnings: [] };
  }
  const room = `${kept}, and has room for ${hoursLeft.toFixed(1)} h more at the present rate`;
  return hoursLeft < alarmHours ? { problems: [room], warnings: [] } : { problems: [], warnings: [room] };
}

/** As `status` shows it. */
export function shownSlot(slot: SlotRoom | undefined): [kept: string, left: string] {
  if (!slot) return ['', ''];
  const { retainedBytes, hoursLeft } = slot;
  return [formatBytes(retainedBytes), hoursLeft === undefined ? '' : hoursLeft.toFixed(hoursLeft < 10 ? 1 : 0)];
}
