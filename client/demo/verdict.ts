/** Whether what was restored is right: the same transfers, none later, money that adds up, a server that takes new ones. */
import { type LedgerState, ledgerAt, transfer } from './bank';
import type { Performance } from './performance';

export async function judge({ stage }: Performance, target: string, documents: number): Promise<LedgerState> {
  const client = await stage.cluster.connect();
  try {
    const found = await ledgerAt(client, target);
    await transfer(client, documents);
    return found;
  } finally {
    await client.end();
  }
}

/** What is wrong, a sentence each. */
export function differences(expected: LedgerState, found: LedgerState): string[] {
  const problems: string[] = [];
  if (found.rows !== expected.rows) problems.push(`${expected.rows} rows were expected, and ${found.rows} found`);
  else if (found.digest !== expected.digest) problems.push('the rows found are not those that were expected');
  if (found.later > 0) problems.push(`${found.later} rows of after the target were found`);
  if (found.wrongAccounts > 0) problems.push(`${found.wrongAccounts} accounts do not agree with the ledger`);
  return problems;
}
