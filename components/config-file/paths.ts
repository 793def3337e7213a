/** Where paths of the command line lead, and where the configuration is; apart from reading it, which loads a parser and a schema. */
import { resolve } from 'node:path';

/** `npm run` changes the working directory and leaves the user's in INIT_CWD: relative paths are meant from there. */
export function whereTheUserStands(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.INIT_CWD ?? process.cwd();
}

/** A path of the command line, absolute. */
export function userPath(path: string, environment: NodeJS.ProcessEnv = process.env): string {
  return resolve(whereTheUserStands(environment), path);
}

/** `path`, else `$HOLDFAST_CONFIG`, else `./holdfast.yaml`, absolute. */
export function configPath(path?: string, environment: NodeJS.ProcessEnv = process.env): string {
  return userPath(path ?? environment.HOLDFAST_CONFIG ?? 'holdfast.yaml', environment);
}
