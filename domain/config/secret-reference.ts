/**
 * References to secrets: `${env:NAME}` and `${file:PATH}`. Here they are only recognized; `components/config-file/secrets.ts`
 * resolves them.
 */
export interface SecretReference {
  from: 'env' | 'file';
  name: string;
  /** As written. */
  text: string;
}

const form = /\$\{(env|file):([^}]+)\}/g;

export function secretReferences(text: string): SecretReference[] {
  return [...text.matchAll(form)].map((one) => ({
    from: one[1] as 'env' | 'file',
    name: (one[2] as string).trim(),
    text: one[0],
  }));
}

/** How a reference is written, for messages. */
export const referenceExample = ['env:NAME', 'file:PATH'].map((one) => `\${${one}}`).join(' or ');

/** A text that is nothing but one reference. */
export const secretForm = /^\$\{(?:env|file):[^}]+\}$/;

/** Whether something that looks like a reference is none: `${NAME}`, `${env:}`. */
export function hasBrokenReference(text: string): boolean {
  return text.replace(form, '').includes('${');
}

/** Each reference replaced by what `change` makes of it. */
export function replaceReferences(text: string, change: (reference: SecretReference) => string): string {
  return secretReferences(text).reduce((sum, one) => sum.replace(one.text, () => change(one)), text);
}
