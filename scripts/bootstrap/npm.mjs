/** Calling npm, whichever way this process was started. */
import path from 'node:path';
import { isProgram, onPath, run } from './command.mjs';
import { MissingPiece } from './say.mjs';

/**
 * Runs npm. The one that started us is preferred, then PATH, then the one beside our own node.
 * Install scripts never run: npm 9 and 10 would run them, npm 11 asks first, and nothing we need has one that matters.
 */
export async function npm(args, options = {}) {
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
  const [program, ...first] = findNpm();
  return run(program, [...first, ...args, ...flags], options);
}

function findNpm() {
  const started = process.env.npm_execpath;
  if (started?.endsWith('npm-cli.js')) return [process.execPath, started];
  const found = onPath('npm');
  if (found) return [found];
  const beside = path.join(path.dirname(process.execPath), 'npm');
  if (isProgram(beside)) return [beside];
  throw new MissingPiece('npm is needed to install packages, and there is none on PATH', 'apt-get install -y npm');
}
