/**
 * Which segments belong on disk at a moment of the replay: those that come next, as many as there is room for. Segments are known
 * by their position in the plan.
 */
export class FeedWindow {
  /** What the server has got last, or waits for. */
  position = 0;
  private readonly held = new Set<number>();

  constructor(
    private readonly count: number,
    private readonly room: number,
  ) {}

  has(position: number): boolean {
    return this.held.has(position);
  }

  add(position: number): void {
    this.held.add(position);
  }

  remove(position: number): void {
    this.held.delete(position);
  }

  /** Forward as replay goes on, and back when the server has begun again. */
  moveTo(position: number): void {
    this.position = position;
  }

  /** Whether the server waits. */
  get awaited(): boolean {
    return !this.held.has(this.position);
  }

  /** How many lie in wait without a hole behind the position. */
  get ahead(): number {
    let at = this.position + 1;
    while (this.held.has(at)) at++;
    return at - this.position - 1;
  }

  /** The first that is missing and not on its way; undefined when everything that there is room for is there. */
  next(coming: number[]): number | undefined {
    for (let at = this.position; at < this.end; at++) {
      if (!this.held.has(at) && !coming.includes(at)) return at;
    }
    return undefined;
  }

  /** What has to go so that so many can come: the oldest behind the server first, then what lies farthest ahead. */
  toRemoveFor(coming: number): number[] {
    const excess = this.held.size + coming - this.room;
    if (excess <= 0) return [];
    const outside = [...this.held].filter((at) => at < this.position || at >= this.end).sort((a, b) => a - b);
    const behind = outside.filter((at) => at < this.position);
    const beyond = outside.filter((at) => at >= this.end).reverse();
    return [...behind, ...beyond].slice(0, excess);
  }

  /** Whether there is room for so many that come. */
  fits(coming: number): boolean {
    return this.held.size + coming <= this.room;
  }

  private get end(): number {
    return Math.min(this.count, this.position + this.room);
  }
}
