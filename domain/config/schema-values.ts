/** The small forms that the schema's parts are made of. */
import { z } from 'zod';
import { parseAddress } from './address';
import { hasBrokenReference, referenceExample, secretForm } from './secret-reference';
import {
  durationExample,
  durationForm,
  parseDuration,
  parseRate,
  parseSize,
  rateExample,
  rateForm,
  sizeExample,
  sizeForm,
} from './units';

/** A name becomes part of object keys, folders and workflow ids. */
export const nameForm = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;

export const name = z
  .string()
  .regex(nameForm, 'expected a name of letters, digits, hyphens and underscores')
  .refine((text) => text !== 'all', '"all" is a word of the command line and cannot be a name');

export const names = z
  .array(z.string())
  .min(1, 'expected at least one name')
  .refine((list) => new Set(list).size === list.length, 'expected each name once');

export function nameMap<T extends z.ZodType>(value: T): z.ZodRecord<typeof name, T> {
  return z.record(name, value);
}

export const filePath = z
  .string()
  .min(1, 'expected a path')
  .refine((text) => !text.includes('\0'), 'expected a path');

export const duration = z
  .string(`expected ${durationExample}`)
  .regex(durationForm, `expected ${durationExample}`)
  .transform((text) => parseDuration(text) ?? 0);

export const size = z
  .string(`expected ${sizeExample}`)
  .regex(sizeForm, `expected ${sizeExample}`)
  .transform((text) => parseSize(text) ?? 0);

/** Unlimited is undefined: infinity would not survive JSON. */
export const rate = z
  .string(`expected ${rateExample}`)
  .regex(rateForm, `expected ${rateExample}`)
  .transform((text): number | undefined => {
    const bytesPerSecond = parseRate(text);
    return bytesPerSecond === Number.POSITIVE_INFINITY ? undefined : bytesPerSecond;
  });

export const secret = z
  .string()
  .regex(secretForm, `expected a reference to a secret, ${referenceExample}, never the secret itself`);

export const connection = z
  .string()
  .min(1, 'expected a connection string')
  .refine((text) => !hasBrokenReference(text), `expected references of the form ${referenceExample}`)
  .refine(
    (text) => !holdsPassword(text),
    `expected the password as a reference, ${referenceExample}, never the password itself`,
  );

/** Stands for a reference: a character that nobody types. */
const placeholder = '\uE000';

function holdsPassword(text: string): boolean {
  const bare = text.replace(/\$\{(?:env|file):[^}]+\}/g, placeholder);
  const keyword = /(?:^|\s|[?&])password\s*=\s*'?(?!\uE000)[^\s&']/i;
  const userinfo = /^postgres(?:ql)?:\/\/[^/@]*:(?!\uE000)[^/@]+@/i;
  return keyword.test(bare) || userinfo.test(bare);
}

export const port = z
  .string()
  .regex(/^(?:[^\s:/]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/, 'expected host:port, for example localhost:7233');

export const objectives = z.strictObject({
  rpo: duration.optional().describe('how much work may be lost'),
  rto: duration.optional().describe('how long a restore may take'),
});

/** Where something of ours listens. */
export const listenAddress = z
  .string()
  .refine((text) => parseAddress(text) !== undefined, 'expected host:port, for example 127.0.0.1:9464');

export const command = z.string().min(1, 'expected a shell command');
