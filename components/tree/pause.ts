/** Stops this thread for a moment: for worker threads, whose work is synchronous throughout. */
const never = new Int32Array(new SharedArrayBuffer(4));

export function pauseThread(milliseconds: number): void {
  Atomics.wait(never, 0, 0, milliseconds);
}
