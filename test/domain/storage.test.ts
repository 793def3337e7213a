import { thawPace, thawPlan } from '../../domain/storage';

const minute = 60_000;
const day = 24 * 60 * minute;

test('a thaw is looked at often while it takes as long as was said, and never so often that a history fills', () => {
  expect(thawPace({ ms: 5 * minute, wait: 3 * day }, 0)).toBe(5000);
  expect(thawPace({ ms: 2 * day, wait: 3 * day }, 0)).toBe(15 * minute);
  expect(thawPace({ ms: 2 * day, wait: 10_000 }, 0)).toBe(1000);
  for (const ms of [5 * minute, 2 * day]) {
    for (const wait of [10_000, day, 3 * day, 365 * day]) {
      let looks = 0;
      for (let waited = 0; waited < wait; looks++) waited += thawPace({ ms, wait }, waited);
      expect(looks).toBeLessThanOrEqual(1000);
    }
  }
});

test('what is asked for takes as long as the service says of it', () => {
  expect(thawPlan('DEEP_ARCHIVE', 'Bulk')).toEqual({ tier: 'Bulk', ms: 2 * day });
  expect(thawPlan('DEEP_ARCHIVE', 'Expedited').tier).toBe('Standard');
  expect(thawPlan('GLACIER', 'Expedited')).toEqual({ tier: 'Expedited', ms: 5 * minute });
});
