/**
 * How long a restore would take now, from how long earlier ones took: pure arithmetic over receipts. An estimate, and it says what it
 * rests on; a drill is what proves it.
 */
import type { ReceiptDetails } from './backup';

/** What one restore that was completed took. */
export interface RestoreSample {
  bytes: number;
  /** Verifying and placing: grows with the data. */
  dataSeconds: number;
  walBytes: number;
  /** Fetching and replaying: grows with the WAL. */
  walSeconds: number;
  otherSeconds: number;
}

export interface RestoreTime {
  seconds: number;
  dataSeconds: number;
  walSeconds: number;
  bytes: number;
  walBytes: number;
  /** Where the rates come from. */
  restsOn: 'earlier restores' | 'the last backup';
}

/** Of so many restores the newest count. */
const samplesKept = 5;
/** Where nothing was measured yet: a replay that is bound by one core, and a server that is started and stopped. */
const assumedReplay = 30e6;
const assumedOther = 20;
/** So much must have been replayed for its time to say anything of a rate. */
const tellingWal = 64e6;

/** `receipts` newest first. */
export function restoreSamples(receipts: Omit<ReceiptDetails, 'sequence' | 'previous'>[]): RestoreSample[] {
  return receipts.flatMap((one) => sampleOf(one) ?? []).slice(0, samplesKept);
}

function sampleOf({ procedure, status, steps, bytes, walBytes }: Omit<ReceiptDetails, 'sequence' | 'previous'>) {
  if (!/restore/.test(procedure) || status !== 'completed' || !bytes) return undefined;
  const taken = (titles: RegExp) =>
    steps.filter(({ title }) => titles.test(title)).reduce((sum, { seconds }) => sum + seconds, 0);
  const sample: RestoreSample = {
    bytes,
    dataSeconds: taken(dataSteps),
    walBytes: walBytes ?? 0,
    walSeconds: taken(walSteps),
    otherSeconds: 0,
  };
  sample.otherSeconds = taken(/./) - sample.dataSeconds - sample.walSeconds;
  // A dry run and one that placed nothing have no time to tell.
  return taken(/^place packs/) > 0 ? sample : undefined;
}

const dataSteps = /^(verify objects|place packs|finish the files|set current data aside)/;
const walSteps = /^(fetch WAL|replay )/;

export interface ToRestore {
  bytes: number;
  walBytes: number;
  /** How fast its backup was made: the only rate known before the first restore. */
  backupBytesPerSecond?: number;
}

/** Undefined where no rate is known at all. */
export function estimateRestore(what: ToRestore, samples: RestoreSample[]): RestoreTime | undefined {
  const sum = (of: (one: RestoreSample) => number) => samples.reduce((total, one) => total + of(one), 0);
  const measured = samples.length > 0 && sum((one) => one.dataSeconds) > 0;
  const dataRate = measured ? sum((one) => one.bytes) / sum((one) => one.dataSeconds) : what.backupBytesPerSecond;
  if (!dataRate) return undefined;
  const telling = sum((one) => one.walBytes) >= tellingWal && sum((one) => one.walSeconds) > 0;
  const walRate = telling ? sum((one) => one.walBytes) / sum((one) => one.walSeconds) : assumedReplay;
  const others = samples.map((one) => one.otherSeconds).sort((a, b) => a - b);
  const other = others[Math.floor(others.length / 2)] ?? assumedOther;
  const dataSeconds = what.bytes / dataRate;
  const walSeconds = what.walBytes / walRate;
  return {
    seconds: dataSeconds + walSeconds + other,
    ...{ dataSeconds, walSeconds, bytes: what.bytes, walBytes: what.walBytes },
    restsOn: measured ? 'earlier restores' : 'the last backup',
  };
}
