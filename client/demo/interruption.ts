/** Ctrl-C and its kin end the demo in order; the same again ends it at once. */
export class Interruption {
  private readonly abort = new AbortController();
  private readonly happened = Promise.withResolvers<never>();

  constructor() {
    this.happened.promise.catch(() => undefined);
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => this.told());
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  /** The result, or a rejection as soon as somebody interrupts. */
  orResult<T>(work: Promise<T>): Promise<T> {
    work.catch(() => undefined);
    return Promise.race([work, this.happened.promise]);
  }

  private told(): void {
    if (this.signal.aborted) process.exit(130);
    const reason = new Error('interrupted');
    this.abort.abort(reason);
    this.happened.reject(reason);
  }
}
