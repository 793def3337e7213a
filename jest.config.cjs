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
  'repository',
  'components',
  'activities',
  'workflows',
  'workers',
  'client',
  'reports',
  'project',
  'replay',
  'real',
  'faults',
];
const fs = require('node:fs');
module.exports = {
  testTimeout: 120_000,
  // Many suites start a PostgreSQL, an engine and pack threads of their own: two at a time fill a small machine.
  maxWorkers: 2,
  projects: names.filter((name) => fs.existsSync(path.join(dist, 'test', name))).map((name) => project(name)),
};
