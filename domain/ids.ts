/** Names of backups: `{system}_{type}_{YYYYMMDD_HHMMSS}` with one site, `{system}_{site}_{type}_{…}` with several. */
import type { BackupType } from './backup';

export interface BackupName {
  system: string;
  /** Only where the configuration has several sites. */
  site?: string;
  type: BackupType;
  at: Date;
}

export function backupId({ system, site, type, at }: BackupName): string {
  const stamp = at.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '_');
  return [system, ...(site === undefined ? [] : [site]), type, stamp].join('_');
}

const idForm = /^[a-z0-9][a-z0-9_-]*_(full|differential|incremental)_\d{8}_\d{6}$/i;

export function isBackupId(text: string): boolean {
  return idForm.test(text) && text.length <= 200;
}

/** Whether an id is of a site: it names one only where the configuration has, or had, several. */
export function mayBeOf(system: string, site: string, id: string): boolean {
  const named = /^(.*?)_?(?:full|differential|incremental)_\d{8}_\d{6}$/i.exec(id)?.[1];
  return named === system || named === `${system}_${site}`;
}
