/** Waits for SIGTERM or SIGINT; a second one ends the process at once. */
export function untilToldToStop(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const told = (signal: NodeJS.Signals): void => {
      for (const one of ['SIGTERM', 'SIGINT'] as const) {
        process.off(one, told);
        process.once(one, () => process.exit(130));
      }
      resolve(signal);
    };
    process.on('SIGTERM', told);
    process.on('SIGINT', told);
  });
}
