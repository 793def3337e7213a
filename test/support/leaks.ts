/** Looks for secrets in everything a system leaves: in the forms in which a program writes bytes down by accident. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';

/** What must not be found, by what it is. */
export type Secrets = Record<string, Buffer | string>;

/** Plain, hex, base64 (in each of the three positions of a longer text), and as part of an address. */
export function formsOf(secret: Buffer | string): Buffer[] {
  const bytes = Buffer.from(secret);
  const text = String(secret);
  const inBase64 = [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    // What its neighbours would change is left out.
    return encoded.slice(shift === 0 ? 0 : 4, -4);
  });
  const forms = [
    ...inBase64,
    ...inBase64.map((one) => one.replaceAll('+', '-').replaceAll('/', '_')),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...(typeof secret === 'string' ? [encodeURIComponent(text), JSON.stringify(text).slice(1, -1)] : []),
  ];
  return [bytes, ...new Set(forms)].map((one) => Buffer.from(one));
}

export class LeakSearch {
  private readonly wanted: { what: string; form: Buffer }[];
  readonly found = new Set<string>();
  searched = 0;

  constructor(secrets: Secrets) {
    this.wanted = Object.entries(secrets).flatMap(([what, secret]) => formsOf(secret).map((form) => ({ what, form })));
  }

  look(where: string, text: Buffer | string): void {
    const bytes = Buffer.from(text);
    this.searched += bytes.length;
    for (const { what, form } of this.wanted) if (bytes.includes(form)) this.found.add(`${what} in ${where}`);
  }

  /** Every file below the folder, its name too, but not what lies below one of `except`. */
  lookBelow(folder: string, except: string[] = []): void {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const file = path.join(folder, entry.name);
      if (except.includes(file)) continue;
      this.look(`the name ${file}`, entry.name);
      if (entry.isDirectory()) this.lookBelow(file, except);
      else if (entry.isFile()) this.look(file, readFileSync(file));
      else if (entry.isSymbolicLink()) this.look(file, readlinkSync(file));
    }
  }
}
