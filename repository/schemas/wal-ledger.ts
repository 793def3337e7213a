/** The form of the objects that the ledger keeps in an archive. */
import { z } from 'zod';
import { isLsn, parseLsn } from '../../domain/lsn';

const lsn = z.string().refine(isLsn).transform(parseLsn);
const stretch = z.object({ from: lsn, to: lsn });

const finding = z.object({
  fault: z.enum(['missing', 'altered', 'foreign', 'forked', 'history_missing']),
  state: z.enum(['open', 'lost', 'healed', 'set aside']),
  timeline: z.number().int(),
  stretch: stretch.optional(),
  key: z.string().optional(),
  foundAt: z.string(),
  since: z.string(),
  note: z.string().optional(),
});

export const walLedgerSchema = z.object({
  format: z.literal(1),
  checkedAt: z.string(),
  server: z.object({ timeline: z.number().int(), lsn, at: z.string() }).optional(),
  stored: z.object({ timeline: z.number().int(), lsn }).optional(),
  timelines: z.array(z.object({ timeline: z.number().int(), held: z.array(stretch) })),
  quarantines: z.array(z.string()),
  findings: z.array(finding),
  reading: z.object({ began: z.string(), timeline: z.number().int(), segment: z.string(), done: z.number().int() }),
  asked: z.object({ at: z.string(), timeline: z.number().int(), stretch }).optional(),
});

export const acknowledgementSchema = z.object({
  timeline: z.number().int(),
  stretch,
  by: z.string(),
  at: z.string(),
});

export const removedSchema = z.object({ timeline: z.number().int(), stretch, at: z.string(), by: z.string() });

export const announcedSchema = z.object({ at: z.string(), by: z.string(), stretches: z.array(removedSchema) });
