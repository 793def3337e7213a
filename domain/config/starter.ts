/** What `config init` writes. It is right as it stands, so that `config check` can be tried at once. */
export const starterConfig = `# What holdfast protects, where it keeps the backups, and what it promises.
# "holdfast config check" reads this file, "holdfast doctor" tries everything it names.
# Secrets are named and never written here: \${env:NAME} or \${file:PATH}.

system: example

# Absent: an engine of holdfast's own, on this machine.
# temporal: { address: "localhost:7233", namespace: default }

sites:
  dc01:
    components:
      database:
        kind: postgres
        connection: "host=/var/run/postgresql user=postgres dbname=postgres"
        dataDir: /var/lib/postgresql/15/main
        # wal: { mode: async, interval: 500ms }    # sync: commits wait until the stores have them
        # probes: ["select count(*) > 0 from accounts"]
      config: { kind: files, paths: [/etc/example] }
    # Stopped before a restore, started after it, and put back as they were when it fails.
    # services:
    #   app: { control: systemd, unit: example.service, health: "curl -fsS localhost:8080/health" }

stores:
  local: { kind: dir, path: /var/backups/holdfast }
  # remote: { kind: s3, bucket: example-backups, region: us-east-1 }

# umask 077 && openssl rand -base64 32 > /etc/holdfast/master.key
# Keep a copy of the key far from the backups: without it nothing can be restored.
# encryption: { keyFile: /etc/holdfast/master.key }

# A component may have its own, which go before these. Of files only their own recovery point is judged.
objectives: { rpo: 15m, rto: 30m }

# For Prometheus, served by "up" and "worker".
# metrics: { address: "127.0.0.1:9464" }

tiers:
  daily: { schedule: "0 2 * * *", type: full, to: [local], keep: { last: 30, days: 30 }, verify: full }
`;
