/** Resolves references to secrets, as late as they are used. What comes out is never logged and never put into a message. */
import { readFile } from 'node:fs/promises';
import { replaceReferences, type SecretReference, secretReferences } from '../../domain/config/secret-reference';
import type { SecretText } from '../../domain/config/types';
import { HoldfastError } from '../../domain/errors';

/**
 * The text with each `${env:NAME}` and `${file:PATH}` replaced (of a file: without the line end at its end).
 * @throws HoldfastError `secret_unavailable` naming the reference, never a value
 */
export async function resolveSecret(text: SecretText, environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  return resolveWith(text, environment, (value) => value);
}

/** As {@link resolveSecret}, for libpq strings: values are quoted where the string is of keywords, escaped where it is a URI. */
export async function resolveConnection(
  text: SecretText,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const uri = /^postgres(?:ql)?:\/\//i.test(text);
  return resolveWith(text, environment, (value, whole) => {
    if (whole) return value;
    return uri ? encodeURIComponent(value) : `'${value.replace(/[\\']/g, '\\$&')}'`;
  });
}

const resolved = new Set<string>();
/** Shorter ones would also hide what is no secret. */
const shortestMasked = 6;

/** A report without any secret that this process has resolved: programs and servers may repeat in a message what they were given. */
export function masked<Report extends { message: string; where?: string; hints: string[] }>(report: Report): Report {
  const secrets = [...resolved].filter((secret) => secret.length >= shortestMasked);
  const mask = (text: string) => secrets.reduce((left, secret) => left.replaceAll(secret, '…'), text);
  const { message, where, hints } = report;
  return { ...report, message: mask(message), where: where && mask(where), hints: hints.map(mask) };
}

async function resolveWith(
  text: string,
  environment: NodeJS.ProcessEnv,
  quote: (value: string, whole: boolean) => string,
): Promise<string> {
  const values = new Map<string, string>();
  for (const one of secretReferences(text))
    values.set(one.text, quote(await secretOf(one, environment), one.text === text));
  return replaceReferences(text, (one) => values.get(one.text) as string);
}

async function secretOf(reference: SecretReference, environment: NodeJS.ProcessEnv): Promise<string> {
  const value = reference.from === 'env' ? environment[reference.name] : await contentsOf(reference.name);
  if (value !== undefined && value !== '') {
    resolved.add(value);
    return value;
  }
  throw new HoldfastError('secret_unavailable', `the secret ${reference.text} is not there`, {
    where: reference.text,
    hints: [
      reference.from === 'env'
        ? `set the environment variable ${reference.name} where this runs`
        : `make ${reference.name} a file with the secret that this user can read`,
    ],
  });
}

async function contentsOf(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
  } catch {
    return undefined;
  }
}
