/** What the demo can be asked for. */
import { parseArgs } from 'node:util';
import { HoldfastError } from '../../domain/errors';

export interface DemoOptions {
  /** End what an earlier run with `--keep` left in this folder, and do nothing else. */
  end?: string;
  /** Leave everything running and in place. */
  keep: boolean;
  /** Backups in a real S3 server instead of a directory. */
  s3: boolean;
  size: DemoSize;
}

export interface DemoSize {
  /** Of filling beside the bank, MiB on disk. */
  fillMiB: number;
  /** Seconds of load before the target, and between the target and the wreck. */
  secondsBefore: number;
  secondsAfter: number;
}

const whole: DemoSize = { fillMiB: 180, secondsBefore: 3, secondsAfter: 4 };
/** For the tests: the same story with less of everything. */
const quick: DemoSize = { fillMiB: 24, secondsBefore: 1, secondsAfter: 1 };

export const usage = `npm run demo -- [--s3] [--keep]

  --s3          keep the backups in a real S3 server (versitygw) instead of a directory
  --keep        leave everything running and in place afterwards
  --end FOLDER  end what --keep left`;

/** @throws HoldfastError `usage` */
export function readOptions(args: string[]): DemoOptions | 'help' {
  try {
    const { values } = parseArgs({
      args,
      options: {
        keep: { type: 'boolean' },
        s3: { type: 'boolean' },
        quick: { type: 'boolean' },
        end: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) return 'help';
    return {
      keep: values.keep === true,
      s3: values.s3 === true,
      end: values.end,
      size: values.quick ? quick : whole,
    };
  } catch (cause) {
    throw new HoldfastError('usage', 'the demo does not understand what it was asked', {
      cause,
      hints: usage
        .split('\n')
        .slice(2)
        .map((line) => line.trim()),
    });
  }
}
