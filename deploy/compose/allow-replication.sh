# Run once by the image when it makes the cluster: its own pg_hba.conf lets nobody stream WAL from another container.
echo 'host replication all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
