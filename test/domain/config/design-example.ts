/** The configuration that the design describes, word for word. */
export const designExample = `system: erlmcp
temporal: { address: localhost:7233, namespace: default }   # absent: embedded engine
sites:
  dc01:
    components:
      database: { kind: postgres, connection: "host=/run/postgresql user=postgres", dataDir: /var/lib/postgresql/15/main }
      config:   { kind: files, paths: [/etc/erlmcp] }
      logs:     { kind: files, paths: [/var/log/erlmcp] }
    services:
      app: { control: systemd, unit: erlmcp.service, health: "curl -fsS localhost:8080/health" }
stores:
  hot:  { kind: dir, path: /var/backups/holdfast }
  warm: { kind: s3, bucket: erlmcp-backups, region: us-west-2, storageClass: STANDARD_IA }
encryption: { keyFile: /etc/holdfast/master.key }
objectives: { rpo: 15m, rto: 30m }
tiers:
  daily: { schedule: "0 2 * * *", type: full, to: [hot, warm], keep: { last: 30, days: 30 }, verify: full }
`;

/** The least that is a configuration. */
export const least = `system: shop
sites: { dc01: { components: { files: { kind: files, paths: [data] } } } }
`;
