/** Jest runs what tsc made: worker threads and child processes under test are the code that ships. */
const path = require('node:path');
const dist = path.resolve(__dirname, process.env.HOLDFAST_DIST ?? 'dist');
const project = (name) => ({
  displayName: name,
  rootDir: __dirname,
  roots: [path.join(dist, 'test', name)],
  testMatch: ['**/*.test.js'],
  testEnvironment: 'node',
  transform: {},
  modulePathIgnorePatterns: ['/dist/', '/\\.build-'].filter((one) => !dist.includes(one.replaceAll(/[\\/]/g, ''))),
  setupFiles: [path.join(dist, 'test/support/setup.js')],
});
const names = [
  'domain',
  'model',
  'repository',
  'components',
  'activities',
  'workflows',
  'workers',
  'client',
  'reports',
  'project',
  'bench',
  'replay',
  'real',
  'faults',
];
const fs = require('node:fs');
module.exports = {
  testTimeout: 120_000,
  // Suites wait for more than half their time: for heartbeats to be missed, schedules to come round, servers to start. Four at a time fill two
  // cores, and need about 1 GB each.
  maxWorkers: 4,
  testSequencer: path.join(__dirname, 'scripts/longest-first.cjs'),
  projects: names.filter((name) => fs.existsSync(path.join(dist, 'test', name))).map((name) => project(name)),
};
