/** A contest of rates: contenders work on the same bytes by turns, and the median of each one's seconds says how many it does a second. */
import { median, type Row, rounded } from './row';
import { medians, type Turn, takeTurns } from './turns';

export interface Measured {
  seconds: number;
  /** Whatever else is worth telling; medians of it go into the row's details. */
  more?: Record<string, number>;
}

export type Contender = Turn<Measured>;

export interface Contest {
  work: string;
  ours: Contender;
  peers: Contender[];
  /** The plain pipeline. */
  limit?: Contender;
  missing: string[];
  rounds: number;
  /** Source bytes that each of them works on; asked for after the first round. */
  bytes: () => number;
  say: (line: string) => void;
}

export async function contest({ work, ours, peers, limit, missing, rounds, bytes, say }: Contest): Promise<Row> {
  const all = [ours, ...peers, ...(limit ? [limit] : [])];
  const results = await takeTurns<Measured, Contender>(all, rounds, (round, { name }, { seconds }) =>
    say(`${work}, round ${round}: ${name} ${seconds.toFixed(2)} s`),
  );
  const of = (one: Contender) => results.get(one) ?? [];
  const rate = (one: Contender) => rounded(bytes() / 1e6 / median(of(one).map(({ seconds }) => seconds)));
  return {
    work,
    ours: rate(ours),
    unit: 'MB/s',
    peers: Object.fromEntries(peers.map((one) => [one.name, rate(one)])),
    ...(limit ? { limit: rate(limit) } : {}),
    missing,
    details: {
      source: { bytes: bytes(), rounds },
      ...Object.fromEntries(
        all.map((one) => [one.name, medians(of(one).map(({ seconds, more }) => ({ seconds, ...more })))]),
      ),
    },
  };
}
