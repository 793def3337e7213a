/** The configuration of a test system whose database is read over its connection alone. */
interface Configured {
  sites: Record<string, { components: Record<string, Record<string, unknown>> }>;
}

/** For `SystemOptions.configure`. @param role that connects; it needs REPLICATION */
export function overConnection(role = 'postgres'): (config: Record<string, unknown>) => void {
  return (config) => {
    const { sites } = config as unknown as Configured;
    const components = sites['dc01']?.components ?? {};
    const connection = String(components['database']?.['connection']).replace('user=postgres', `user=${role}`);
    components['database'] = { kind: 'postgres', method: 'stream', connection };
  };
}
