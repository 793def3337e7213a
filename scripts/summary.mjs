/** Closes a test run with `N passed, N failed`; ends with 0 only when something ran and nothing failed. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const testsCode = Number(process.argv[2] ?? 0);

const checks = Object.values(read('checks.json') ?? {}).filter((word) => word !== 'passed').length;
const jest = read('jest-results.json');
const passed = jest?.numPassedTests ?? 0;
let failed = checks + (jest?.numFailedTests ?? 0) + (jest?.numRuntimeErrorTestSuites ?? 0);
// A run that ended badly without a failure on record could not run: that is never green.
if (failed === 0 && (testsCode !== 0 || passed === 0)) failed = 1;

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function read(name) {
  try {
    return JSON.parse(readFileSync(path.join(dist, name), 'utf8'));
  } catch {
    return undefined;
  }
}
