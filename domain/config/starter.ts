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
        # Real time: the WAL is in these stores within the second. sync: commits wait until they have it.
        wal: { mode: async, interval: 500ms, to: [hot, warm] }
        # probes: ["select count(*) > 0 from accounts"]
      config: { kind: files, paths: [/etc/example] }
      logs: { kind: files, paths: [/var/log/example] }
    # Stopped before a restore, started after it, and put back as they were when it fails.
    # services:
    #   app: { control: systemd, unit: example.service, health: "curl -fsS localhost:8080/health" }

# From near and fast to far and cheap. For one machine alone, keep "hot" and take the others out, here and below.
stores:
  hot: { kind: dir, path: /var/backups/holdfast, level: hot }
  warm: { kind: s3, bucket: example-backups, region: us-west-2, storageClass: STANDARD_IA, level: warm }
  cold: { kind: s3, bucket: example-backups-cold, region: eu-west-1, level: cold }      # GLACIER_IR
  archive: { kind: s3, bucket: example-backups-archive, region: us-east-1, level: archive } # DEEP_ARCHIVE: thawed before it is read

# umask 077 && openssl rand -base64 32 > /etc/holdfast/master.key
# Keep a copy of the key far from the backups: without it nothing can be restored.
# encryption: { keyFile: /etc/holdfast/master.key }

# A component may have its own, which go before these. Of files only their own recovery point is judged.
objectives: { rpo: 15m, rto: 30m }

# For Prometheus, served by "up" and "worker".
# metrics: { address: "127.0.0.1:9464" }

# Who is told: by mail, by a webhook, or by a command that gets JSON on its standard input. "holdfast notify test" tries them.
# notifications:
#   targets:
#     ops:
#       { kind: email, host: mail.example.com, user: holdfast, password: "\${file:/etc/holdfast/smtp}", from: holdfast@example.com, to: [ops@example.com] }
#     chat: { kind: webhook, url: "https://hooks.example.com/dr", headers: { Authorization: "Bearer \${env:HOOK_TOKEN}" } }
#     pager: { kind: command, argv: [/usr/local/bin/page, dr] }
#   alerts: [ops, pager]            # scheduled work that was skipped or failed, proofs that are stale or failing
# retention: { notify: [ops] }      # backups that were removed or moved down; a tier may name others: notify: [chat]

# The clock that schedules are meant by. In a zone that changes its clocks, keep out of the hours in which it does.
timezone: UTC

# What "holdfast schedules apply" makes the engine run, at every site that is well at that moment.
tiers:
  # Between backups one point in time of all components: a mark in the WAL, and what changed of the files.
  continuous: { type: point, every: 5m, to: [hot, warm], keep: { last: 24 }, priority: high }
  hourly: { schedule: "0 * * * *", type: incremental, components: [database, config, logs], to: [hot, warm], keep: { last: 48 } }
  incremental: { schedule: "30 */6 * * *", type: incremental, to: [hot, warm], keep: { days: 7 } }
  daily: { schedule: "0 2 * * *", type: full, to: [hot, warm], keep: { last: 30, days: 30 }, verify: full, priority: high }
  weekly: { schedule: "0 1 * * SUN", type: full, to: [hot, warm, cold], keep: { weeks: 12 }, verify: full }
  monthly: { schedule: "0 0 1 * *", type: full, to: [cold], keep: { months: 12 }, verify: full, immutable: { mode: compliance } }
  annual: { schedule: "0 12 1 1 *", type: full, to: [cold, archive], keep: { years: 7 }, immutable: true, priority: low }

# What else runs by itself; each can be off.
maintenance:
  retention: "0 3 * * *"          # removes what no tier keeps any more
  moves: "30 3 * * *"             # into colder classes or other stores, of tiers that say \`move\`
  replication: "0 4 * * *"        # copies what is not where it should be
  verification: "0 5 * * *"       # reads a sample back
  recoveryTests: "0 6 * * SUN"    # restores, starts and asks
  cleanup: "0 7 * * SUN"          # removes what the dead left in the stores
  drill: "0 8 1 1,4,7,10 *"       # every scenario of it, once a quarter
  atOnce: 8                       # scheduled runs that may work with one store at a time
  pauseLimit: 24h                 # a schedule that is paused for longer was forgotten
`;
