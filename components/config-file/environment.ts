/**
 * The environment of programs that are not ours (service commands, `docker compose`): ours without what holds secrets. Whatever such
 * a program starts keeps its environment for as long as it runs, and a database server can be asked for its own.
 */
import { secretReferences } from '../../domain/config/secret-reference';

/** Read by libraries of ours from the environment, without being named in the configuration. */
const wellKnown = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'PGPASSWORD', 'TEMPORAL_API_KEY'];

/** @param config whatever may name secrets as `${env:NAME}` */
export function withoutSecrets(config: unknown, environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const named = secretReferences(JSON.stringify(config)).flatMap(({ from, name }) => (from === 'env' ? [name] : []));
  const hidden = new Set([...wellKnown, ...named]);
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !hidden.has(name)));
}
