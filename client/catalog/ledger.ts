/** What the ledger says of one archive: what of the stored WAL counts, what is missing, and what was found since. */

import { reportError } from '../../domain/errors';
import { merge, without } from '../../domain/intervals';
import { formatLsn } from '../../domain/lsn';
import {
  type Acknowledgement,
  describeFinding,
  expectedStretch,
  isAcknowledged,
  isTrouble,
  usableIntervals,
  type WalFinding,
} from '../../domain/wal-ledger';
import type { TimelineExtents, WalArchive } from '../../repository/wal/archive';
import { readAcknowledged, readLedger, type WalLedger } from '../../repository/wal/ledger';
import type { RemovedWal } from '../../repository/wal/removed';
import { say } from '../output/say';

export interface PointGap {
  timeline: number;
  fromLsn: string;
  toLsn: string;
  acknowledged?: { by: string; at: string };
}

export interface PointFinding {
  fault: WalFinding['fault'];
  state: WalFinding['state'];
  timeline: number;
  fromLsn?: string;
  toLsn?: string;
  key?: string;
  foundAt: string;
  /** For people. */
  text: string;
  acknowledged?: true;
}

export interface LedgerView {
  /** Absent where no shipper has looked yet. */
  checkedAt?: string;
  serverLsn?: string;
  storedLsn?: string;
  findings: PointFinding[];
}

export class LedgerOfArchive {
  private constructor(
    private readonly ledger: WalLedger | undefined,
    private readonly acknowledged: Acknowledgement[],
    private readonly removed: RemovedWal,
  ) {}

  static async read(archive: WalArchive, opaque: string): Promise<LedgerOfArchive> {
    const place = archive.ledgerPlace;
    const ledger = await readLedger(place, opaque).catch((error: unknown) => {
      say(`warning: the WAL ledger in ${archive.store.name} cannot be read: ${reportError(error).message}`);
      return undefined;
    });
    return new LedgerOfArchive(ledger, await readAcknowledged(place), await archive.removed());
  }

  /** Without what was found to be no WAL of ours. */
  usable({ timeline, intervals }: TimelineExtents): TimelineExtents['intervals'] {
    return usableIntervals(timeline, intervals, this.ledger?.findings ?? []);
  }

  /** Between what is stored, and what was stored once or ought to be; what retention let go is no gap. */
  gaps(timelines: TimelineExtents[]): PointGap[] {
    const known = new Set([...timelines, ...(this.ledger?.timelines ?? [])].map(({ timeline }) => timeline));
    return [...known].sort((a, b) => a - b).flatMap((timeline) => this.gapsOf(timeline, timelines));
  }

  /** As {@link gaps}, by the last check alone. */
  knownGaps(): PointGap[] {
    const { timelines = [], findings = [] } = this.ledger ?? {};
    return this.gaps(
      timelines.map(({ timeline, held }) => {
        const missing = findings.flatMap((one) =>
          one.timeline === timeline && one.fault === 'missing' && isTrouble(one) && one.stretch
            ? [{ ...one.stretch }]
            : [],
        );
        return { timeline, intervals: without(held, merge(missing)), gaps: [] };
      }),
    );
  }

  view(): LedgerView {
    const { checkedAt, server, stored, findings = [] } = this.ledger ?? {};
    return {
      checkedAt,
      serverLsn: server && formatLsn(server.lsn),
      storedLsn: stored && formatLsn(stored.lsn),
      findings: findings.map((one) => this.shown(one)),
    };
  }

  private gapsOf(timeline: number, timelines: TimelineExtents[]): PointGap[] {
    const extents = timelines.find((one) => one.timeline === timeline);
    const usable = extents ? this.usable(extents) : [];
    const held = this.ledger?.timelines.find((one) => one.timeline === timeline)?.held ?? [];
    const expected = expectedStretch(merge([...held, ...usable].map((one) => ({ ...one }))));
    const found = (this.ledger?.findings ?? []).flatMap((one) =>
      one.timeline === timeline && isTrouble(one) && one.stretch ? [{ ...one.stretch }] : [],
    );
    const wanted = without(merge([...(expected ? [expected] : []), ...found]), this.removed.get(timeline) ?? []);
    return without(wanted, usable).map((stretch) => {
      const by = this.acknowledged.find((one) => one.timeline === timeline && isAcknowledged(timeline, stretch, [one]));
      return {
        timeline,
        fromLsn: formatLsn(stretch.from),
        toLsn: formatLsn(stretch.to),
        ...(by && { acknowledged: { by: by.by, at: by.at } }),
      };
    });
  }

  private shown(one: WalFinding): PointFinding {
    const { fault, state, timeline, stretch, key, foundAt } = one;
    const known = stretch !== undefined && isAcknowledged(timeline, stretch, this.acknowledged);
    return {
      ...{ fault, state, timeline, key, foundAt, text: describeFinding(one) },
      ...(stretch && { fromLsn: formatLsn(stretch.from), toLsn: formatLsn(stretch.to) }),
      ...(known && { acknowledged: true }),
    };
  }
}
