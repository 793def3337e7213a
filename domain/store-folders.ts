/** What a repository has at the top of its store. */
export const storeFolders: readonly string[] = [
  ...['backups', 'catalog', 'keys', 'leases', 'maintenance', 'probe', 'receipts', 'recovery-tests', 'removals'],
  ...['replication', 'retention', 'verification', 'wal'],
];
