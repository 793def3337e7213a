/** Gives the event loop its turn between the steps of long synchronous work: heartbeats and signals go on. */
const turnMs = 10;

/** A function to call (and await) after every step; it mostly returns at once. */
export function takeTurns(): () => Promise<void> | undefined {
  let ends = Date.now() + turnMs;
  return () => {
    if (Date.now() < ends) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        ends = Date.now() + turnMs;
        resolve();
      });
    });
  };
}
