/** The ledger beside a receiver: which archives it looks at, and what follows when WAL is lost for good. */
import type { ClientConfig } from 'pg';
import { type Checked, keepLedger } from '../../components/postgres/wal/ledger/keep';
import type { Settled } from '../../components/postgres/wal/ledger/stock';
import type { WalArchive } from '../../repository/wal/archive';
import { writeLedger } from '../../repository/wal/ledger';
import type { SiteContext } from '../context';
import type { ShippingEnd } from '../contracts';
import { lostForGood, wantsBackup } from './ask-backup';

export interface LedgerBeside {
  component: string;
  connection: ClientConfig;
  slot: string;
  archives: () => WalArchive[];
  settled: (store: string) => Settled | undefined;
  signal: AbortSignal;
  log: (message: string) => void;
  onChecked: (checked: Checked) => void;
  /** The receiver is to end in order, and its end to carry the wish. */
  onBackupWanted: (backup: NonNullable<ShippingEnd['backup']>) => void;
}

export async function keepLedgerBeside(context: SiteContext, options: LedgerBeside): Promise<void> {
  const { component, onBackupWanted, ...ledger } = options;
  await keepLedger({
    ...ledger,
    onChecked: async (checked) => {
      options.onChecked(checked);
      const lost = await lostForGood(checked);
      const backup = lost && (await wantsBackup(context, component, checked, lost));
      if (!backup) return;
      // Remembered before it is asked for: asked twice is worse than asked ten minutes later.
      for (const { archive, ledger: book } of checked.ledgers) {
        if (archive.writes === undefined) continue;
        await writeLedger(archive.ledgerPlace, archive.writes, { ...book, asked: { at: book.checkedAt, ...lost } });
      }
      onBackupWanted(backup);
    },
  });
}
