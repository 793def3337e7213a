import type { ReceiptDetails } from '../../domain/backup';
import { estimateRestore, restoreSamples } from '../../domain/objectives';

function receipt(more: Partial<ReceiptDetails> = {}): ReceiptDetails {
  const step = (title: string, seconds: number) => ({ title, seconds, startedAt: '', outcome: 'completed' as const });
  return {
    ...{ procedure: 'restore', workflowId: 'w', runId: 'r', status: 'completed', startedAt: '', endedAt: '' },
    steps: [
      step('resolve the target', 1),
      step('fetch WAL', 2),
      step('verify objects', 5),
      step('place packs of database', 10),
      step('finish the files of database', 5),
      step('replay database to the target', 8),
      step('validate database', 3),
    ],
    warnings: [],
    bytes: 1e9,
    walBytes: 500e6,
    sequence: 1,
    previous: '',
    ...more,
  };
}

test('earlier restores tell the rates: data by what placing took, WAL by what fetching and replaying took', () => {
  const samples = restoreSamples([receipt()]);
  expect(samples).toEqual([{ bytes: 1e9, dataSeconds: 20, walBytes: 500e6, walSeconds: 10, otherSeconds: 4 }]);
  expect(estimateRestore({ bytes: 10e9, walBytes: 1e9 }, samples)).toEqual({
    ...{ seconds: 200 + 20 + 4, dataSeconds: 200, walSeconds: 20, bytes: 10e9, walBytes: 1e9 },
    restsOn: 'earlier restores',
  });
});

test('failed restores, dry runs and other procedures tell nothing; of the others the newest five count', () => {
  const dry = receipt({ steps: receipt().steps.filter(({ title }) => !title.startsWith('place')) });
  expect(restoreSamples([receipt({ status: 'failed' }), receipt({ procedure: 'backup' }), dry])).toEqual([]);
  expect(restoreSamples(Array.from({ length: 9 }, () => receipt()))).toHaveLength(5);
  expect(restoreSamples([receipt({ procedure: 'point-in-time restore' })])).toHaveLength(1);
});

test('little WAL tells no rate of replay', () => {
  const samples = restoreSamples([receipt({ walBytes: 1000 })]);
  expect(estimateRestore({ bytes: 0, walBytes: 300e6 }, samples)?.walSeconds).toBe(10);
});

test('before the first restore the last backup is what there is; without either nothing is said', () => {
  const what = { bytes: 1000, walBytes: 0, backupBytesPerSecond: 100 };
  expect(estimateRestore(what, [])).toMatchObject({ seconds: 30, restsOn: 'the last backup' });
  expect(estimateRestore({ bytes: 1000, walBytes: 0 }, [])).toBeUndefined();
});
