/** The command line as it ships, but for one thing: the ledger is looked at every four seconds, so that what is found next is not waited for. */
import { pace } from '../../components/postgres/wal/ledger/keep';

pace.checkEveryMs = 4000;
void import('../../client/main.js');
