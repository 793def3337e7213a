/** Sequences as data, so that they can be drawn, shrunk and printed. What a number means is decided where it is used: any number means something. */
import fc from 'fast-check';

export const kinds = [
  'wait',
  'wait',
  'days pass',
  'days pass',
  'full',
  'full',
  'full',
  'incremental',
  'incremental',
  'incremental',
  'point',
  'failed',
  'abandoned',
  'copy',
  'move',
  'move',
  'restore',
  'restore',
  'end restore',
  'pin',
  'pin',
  'unpin',
  'hold',
  'hold',
  'release',
  'prove',
  'prove',
  'find wrong',
  'find wrong',
  'lock',
  'lock',
  'upgrade',
  'promote',
  'rewind',
  'clock',
  'future',
  'apply',
  'apply',
  'apply',
  'apply',
  'apply cut',
  'apply twice',
  'apply beside a backup',
  'apply with an age',
  'apply half blind',
  'apply by a wrong clock',
] as const;

export interface Step {
  kind: (typeof kinds)[number];
  a: number;
  b: number;
}

export interface Setup {
  /** Which rules the tiers have. */
  rules: number;
  minimum: number;
  /** Days; 0: as long as there are backups. */
  window: number;
  stores: number;
}

export interface Sequence {
  setup: Setup;
  steps: Step[];
}

const number = fc.nat(999);

export const sequences: fc.Arbitrary<Sequence> = fc.record({
  setup: fc.record({
    rules: number,
    minimum: fc.integer({ min: 1, max: 2 }),
    window: fc.constantFrom(0, 0, 3),
    stores: fc.integer({ min: 1, max: 2 }),
  }),
  steps: fc.array(fc.record({ kind: fc.constantFrom(...kinds), a: number, b: number }), {
    minLength: 4,
    maxLength: 28,
    size: 'max',
  }),
});

/** One line, to be read and to be run again. */
export function show({ setup, steps }: Sequence): string {
  const settings = Object.entries(setup).map(([name, value]) => `${name} ${value}`);
  return [settings.join(', '), ...steps.map(({ kind, a, b }) => `  ${kind} ${a} ${b}`)].join('\n');
}
