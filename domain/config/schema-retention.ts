/** How long backups are kept: of a tier, and of all of them. */
import { z } from 'zod';
import { notify } from './schema-notifications';
import { duration, nameMap, size } from './schema-values';
import { storageClasses } from './types';
import { retentionClasses, strategies } from './types-retention';

const count = z.int().min(1);

const rules = {
  last: count.optional().describe('the newest so many'),
  days: count.optional().describe('by age; of days, weeks, months and years the longest counts'),
  weeks: count.optional(),
  months: count.optional(),
  years: count.optional(),
  size: size.optional().describe('the newest that together are stored in so many bytes'),
  hourly: count.optional().describe('the newest of each of the last so many hours that have one; likewise the others'),
  daily: count.optional(),
  weekly: count.optional(),
  monthly: count.optional(),
  yearly: count.optional(),
};

/** Of a tier. */
export const keep = z.strictObject({
  ...rules,
  stores: nameMap(z.strictObject(rules))
    .optional()
    .describe('other rules, by store; where nothing is said: 30 days in dir stores, 90 days in s3 stores'),
});

export const strategy = z
  .enum(strategies)
  .default('fifo')
  .describe('of what no rule keeps: it goes (fifo), some stay ever further apart (growing), it moves down (tiered)');

export const retentionClass = z
  .enum(retentionClasses)
  .default('standard')
  .describe('compliance: seven years, whatever keep says');

const day = 24 * 3600_000;

/** Of the system. */
export const retention = z
  .strictObject({
    minimum: count.default(1).describe('completed backups of each component that stay, whatever the rules say'),
    coolOff: duration.default(day).describe('from expiry to removal'),
    listingShare: z
      .number()
      .min(0)
      .max(1)
      .default(0.1)
      .describe('share of the catalog that a listing may lack before it is not believed'),
    grace: duration.default(day).describe('how long what belongs to nothing is left alone'),
    wal: duration.optional().describe('how far back any moment can be restored; absent: as far as there are backups'),
    archive: z
      .enum(storageClasses)
      .optional()
      .describe(
        'class of s3 stores for what no rule keeps and a legal hold does; a colder one of `move` goes before it',
      ),
    notify: notify.describe('targets that hear of backups whose tier names none'),
  })
  .prefault({});
