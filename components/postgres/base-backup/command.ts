/** The text of the command (PostgreSQL manual, "Streaming Replication Protocol", in the form of version 15 and later). */

/**
 * No WAL: the receiver has stored it, or the backup is not sealed; nor does the server wait for its archiver (docs/data-safety.md, A2).
 * The server checks pages itself, since it alone can read a torn one again.
 */
export function baseBackupCommand(label: string, incremental = false): string {
  const options = [
    `LABEL '${label.replaceAll("'", "''")}'`,
    ...['PROGRESS', "CHECKPOINT 'fast'", 'WAL false', 'WAIT false', 'TABLESPACE_MAP', 'VERIFY_CHECKSUMS true'],
    ...["MANIFEST 'yes'", "MANIFEST_CHECKSUMS 'CRC32C'", ...(incremental ? ['INCREMENTAL'] : [])],
  ];
  return `BASE_BACKUP (${options.join(', ')})`;
}
