/**
 * Names of the archive's objects. Positions are in clear on purpose: a listing alone tells what is stored and where the gaps are.
 *
 *     wal/<system identifier>/archive.json                          what every reader must know first
 *     wal/<system identifier>/components/<opaque>                   which component's WAL this is (sealed)
 *     wal/<system identifier>/<timeline>/segments/<segment>         a whole segment
 *     wal/<system identifier>/<timeline>/parts/<segment>/<from>-<to>  bytes [from, to) of a segment
 *     wal/<system identifier>/<timeline>/history                    the timeline's history file
 *     wal/<system identifier>/<timeline>/labels/<name>.backup         what the server's archiver says of a base backup
 *     wal/<system identifier>/<timeline>/coverage                   how far the server's clock is covered
 *     wal/<system identifier>/<timeline>/switches/<time>            when commits began or ceased to wait for the stores
 *     wal/<system identifier>/quarantine/<stamp>/…                  what a rewound server contradicts, under its old names
 *     wal/<system identifier>/writers/<opaque>/<generation>/…       who may write a component's WAL (see `fence.ts`)
 *     wal/<system identifier>/announced/<timeline>/<opaque>         a component's receiver is or was on this timeline
 *     wal/<system identifier>/ledger/<opaque>                       what the store should hold for a component (sealed)
 *     wal/<system identifier>/acknowledged/<timeline>-<from>-<to>   a gap that somebody knows of (sealed)
 *     wal/<system identifier>/removed/<timeline>-<from>-<to>        a stretch that retention let go (sealed)
 *     wal/<system identifier>/removed/announced/<opaque>            stretches that are about to go (sealed)
 *
 * Timelines and offsets are 8 hexadecimal digits, segments PostgreSQL's 24.
 */
import { parseSegmentName, segmentName, timelineHex } from '../../domain/lsn';

/** A list continued `after` this goes on behind everything a folder holds: our names end before `zz`. */
const behind = 'zz';

export const walRoot = 'wal/';

export function systemRoot(systemIdentifier: string): string {
  return `${walRoot}${systemIdentifier}/`;
}

export function behindFolder(folder: string): string {
  return `${folder}${behind}`;
}

export function markerKey(systemIdentifier: string): string {
  return `${systemRoot(systemIdentifier)}archive.json`;
}

export function componentKey(systemIdentifier: string, opaque: string): string {
  return `${systemRoot(systemIdentifier)}components/${opaque}`;
}

export function quarantineRoot(systemIdentifier: string): string {
  return `${systemRoot(systemIdentifier)}quarantine/`;
}

/** Names of the claims of one component's writers; generations are ten decimal digits. */
export class WriterNames {
  readonly folder: string;

  constructor(systemIdentifier: string, opaque: string) {
    this.folder = `${systemRoot(systemIdentifier)}writers/${opaque}/`;
  }

  claim(generation: number): string {
    return `${this.of(generation)}claim`;
  }

  /** Written again and again while its writer lives. */
  lease(generation: number): string {
    return `${this.of(generation)}lease`;
  }

  released(generation: number): string {
    return `${this.of(generation)}released`;
  }

  parse(key: string): { generation: number; kind: string } | undefined {
    const [, generation, kind] = /^(\d{10})\/(claim|lease|released)$/.exec(key.slice(this.folder.length)) ?? [];
    return generation === undefined || kind === undefined ? undefined : { generation: Number(generation), kind };
  }

  private of(generation: number): string {
    return `${this.folder}${String(generation).padStart(10, '0')}/`;
  }
}

/** Names within one archive. */
export class WalNames {
  constructor(
    readonly systemIdentifier: string,
    readonly segmentSize: number,
  ) {}

  timelineRoot(timeline: number): string {
    return `${systemRoot(this.systemIdentifier)}${timelineHex(timeline)}/`;
  }

  segmentsFolder(timeline: number): string {
    return `${this.timelineRoot(timeline)}segments/`;
  }

  segment(timeline: number, segment: bigint): string {
    return `${this.segmentsFolder(timeline)}${segmentName(timeline, segment, this.segmentSize)}`;
  }

  partsFolder(timeline: number): string {
    return `${this.timelineRoot(timeline)}parts/`;
  }

  partsOf(timeline: number, segment: bigint): string {
    return `${this.partsFolder(timeline)}${segmentName(timeline, segment, this.segmentSize)}/`;
  }

  part(timeline: number, segment: bigint, from: number, to: number): string {
    return `${this.partsOf(timeline, segment)}${hex8(from)}-${hex8(to)}`;
  }

  history(timeline: number): string {
    return `${this.timelineRoot(timeline)}history`;
  }

  label(timeline: number, name: string): string {
    return `${this.timelineRoot(timeline)}labels/${name}`;
  }

  labelsFolder(timeline: number): string {
    return `${this.timelineRoot(timeline)}labels/`;
  }

  switchesFolder(timeline: number): string {
    return `${this.timelineRoot(timeline)}switches/`;
  }

  coverage(timeline: number): string {
    return `${this.timelineRoot(timeline)}coverage`;
  }

  /** What a listed name under a timeline stands for; undefined for history, coverage, switches and strangers. */
  parse(key: string): StoredPiece | undefined {
    const names = key.split('/');
    const position = parseSegmentName(names[4] ?? '', this.segmentSize);
    if (!position) return undefined;
    const { timeline, segmentNumber: segment } = position;
    if (names[3] === 'segments' && names.length === 5) {
      return { key, whole: true, timeline, segment, from: 0, to: this.segmentSize };
    }
    const range = /^([0-9A-F]{8})-([0-9A-F]{8})$/.exec(names[5] ?? '');
    if (names[3] !== 'parts' || names.length !== 6 || !range) return undefined;
    const [from, to] = [Number.parseInt(range[1] as string, 16), Number.parseInt(range[2] as string, 16)];
    return { key, whole: false, timeline, segment, from, to };
  }
}

/** A stored stretch of one segment; offsets count within the segment. */
export interface StoredPiece {
  key: string;
  whole: boolean;
  timeline: number;
  segment: bigint;
  from: number;
  to: number;
}

function hex8(value: number): string {
  return value.toString(16).toUpperCase().padStart(8, '0');
}
