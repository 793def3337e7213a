/** Handing this process over to another program: same terminal, same signals, same exit code. */
import { spawn } from 'node:child_process';

/**
 * Runs a program in our place and ends as it ended. Signals sent to us reach it; Ctrl-C on a terminal reaches the whole
 * process group by itself and is not doubled, because a second one means something else to the program.
 */
export async function handOver(program, args, options = {}) {
  const child = spawn(program, args, { stdio: 'inherit', ...options });
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGUSR2']) {
    process.on(signal, () => {
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    });
  }
  const [code, signal] = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (...how) => resolve(how));
  });
  if (signal === null) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
