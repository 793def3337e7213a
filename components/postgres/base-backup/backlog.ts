/**
 * Between a socket that pushes and a reader that takes its time: what has come and was not taken yet.
 *
 * Guaranteed: once more waits than is allowed the sender is held, and let go when half of it was taken, so that memory stays bounded
 * by the limit and what one read of the socket brings.
 */
export interface Sender {
  hold(): void;
  letGo(): void;
}

export class Backlog<T> implements AsyncIterable<T> {
  private readonly items: { item: T; weight: number }[] = [];
  private waiting = 0;
  private held = false;
  private over = false;
  private failure: unknown;
  private wake: () => void = () => undefined;

  constructor(
    private readonly most: number,
    private readonly sender: Sender,
  ) {}

  put(item: T, weight: number): void {
    this.items.push({ item, weight });
    this.waiting += weight;
    if (this.waiting > this.most && !this.held) {
      this.held = true;
      this.sender.hold();
    }
    this.wake();
  }

  /** Nothing more comes; with a reason, because something broke: the reader gets what came before, then the reason. */
  end(failure?: unknown): void {
    if (this.over) return;
    this.over = true;
    this.failure = failure;
    this.wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (;;) {
      const next = this.items.shift();
      if (next !== undefined) {
        this.taken(next.weight);
        yield next.item;
      } else if (this.over) {
        if (this.failure !== undefined) throw this.failure;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
    }
  }

  private taken(weight: number): void {
    this.waiting -= weight;
    if (!this.held || this.waiting > this.most / 2) return;
    this.held = false;
    this.sender.letGo();
  }
}
