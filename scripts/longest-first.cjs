/**
 * Jest's order of the suites: what failed last time, then the longest, so that none of them is left running alone at the end.
 * In a fresh clone jest has measured nothing yet: `suite-seconds.json` tells what takes long, and the rest keeps jest's order.
 */
const path = require('node:path');
const Sequencer = require('@jest/test-sequencer').default;
const usual = require('./suite-seconds.json');

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const rank = new Map(
      super.sort(tests).map((test) => [test, this.hasFailed(test) ? Number.POSITIVE_INFINITY : secondsOf(test)]),
    );
    return [...rank].sort(([, a], [, b]) => (a === b ? 0 : b - a)).map(([test]) => test);
  }
};

function secondsOf({ path: file, duration, context }) {
  const [root = ''] = context.config.roots;
  const name = path.relative(path.dirname(root), file).replace(/\.test\.js$/, '');
  return duration === undefined ? (usual[name] ?? 0) : duration / 1000;
}
