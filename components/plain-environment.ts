/**
 * The environment of the programs that we run for ourselves (PostgreSQL's, `getent`): nothing of ours but what a program needs to run.
 * Ours may hold secrets, and a server keeps what it was started with for everybody whom it lets look.
 */
export function plainEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const { PATH, LD_LIBRARY_PATH, TMPDIR } = environment;
  return { LC_ALL: 'C', PATH, ...(LD_LIBRARY_PATH ? { LD_LIBRARY_PATH } : {}), ...(TMPDIR ? { TMPDIR } : {}) };
}
