/** Warnings that may come a million times: the first few of each kind in full, the rest as a number. */
const shownOfAKind = 3;

export class Warnings {
  private readonly kinds = new Map<string, { shown: string[]; count: number }>();

  /** @param kind the sentence without the file's name */
  add(kind: string, where: string): void {
    const found = this.kinds.get(kind) ?? { shown: [], count: 0 };
    if (found.shown.length < shownOfAKind) found.shown.push(where);
    found.count += 1;
    this.kinds.set(kind, found);
  }

  list(): string[] {
    return [...this.kinds].map(([kind, { shown, count }]) => {
      const more = count - shown.length;
      return `${kind}: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
    });
  }
}
