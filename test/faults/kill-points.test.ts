import { killPoints, sampleOf } from './kill-points';
import { nameOf } from './moments';
import type { Note } from './notes';

function end(activity: string, ms: number, workflowId = 'backup/sys/dc01'): Note {
  return { kind: 'end', workflowId, workflowType: 'backup', activity, nth: 1, attempt: 1, ms };
}

test('every call gives its boundaries, and a long one its middle, without anybody listing steps', () => {
  const notes = [end('quick', 3), end('aNewStep', 900), end('placeRun', 900, 'restore/sys/dc01/0')];
  expect(killPoints(notes, 'backup/').map(nameOf)).toEqual([
    'before quick#1',
    'after quick#1',
    'before aNewStep#1',
    'middle aNewStep#1',
    'after aNewStep#1',
  ]);
});

test('a seed chooses the same sample everywhere, another one another', () => {
  const items = Array.from({ length: 50 }, (_, at) => at);
  expect(sampleOf(items, 6, 7)).toEqual(sampleOf(items, 6, 7));
  expect(sampleOf(items, 6, 8)).not.toEqual(sampleOf(items, 6, 7));
  expect(sampleOf(items, Number.POSITIVE_INFINITY, 7)).toEqual(items);
});
