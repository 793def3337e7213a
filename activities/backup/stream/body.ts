/** The bytes of one file as they come, taken in portions that somebody else determines. */
export class Body {
  private readonly parts: AsyncIterator<Buffer>;
  private rest: Buffer | undefined;

  constructor(bytes: AsyncIterable<Buffer>) {
    this.parts = bytes[Symbol.asyncIterator]();
  }

  /** Some of them, at the most so many; undefined when there are no more. */
  async next(most: number): Promise<Buffer | undefined> {
    if (await this.isOver()) return undefined;
    const part = this.rest?.subarray(0, most);
    this.rest = this.rest?.subarray(most);
    return part;
  }

  async isOver(): Promise<boolean> {
    while (this.rest === undefined || this.rest.length === 0) {
      const { done, value } = await this.parts.next();
      if (done) return true;
      this.rest = value;
    }
    return false;
  }
}
