/** What is stopped before a restore and started after it. */
import { z } from 'zod';
import { command, duration, filePath } from './schema-values';

const common = {
  health: command.optional().describe('shell command that exits 0 when the service is healthy'),
  healthTimeout: duration.default(60_000),
  timeout: duration.default(60_000),
};

const unit = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9:_.\\@-]*$/, 'expected the name of a systemd unit');
const compose = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'expected a name of letters, digits, dots and hyphens');

export const serviceSchema = z.discriminatedUnion('control', [
  z.strictObject({ control: z.literal('systemd'), unit, ...common }),
  z.strictObject({
    control: z.literal('compose'),
    service: compose,
    file: filePath.optional(),
    project: compose.optional(),
    ...common,
  }),
  z.strictObject({
    control: z.literal('pgctl'),
    dataDir: filePath,
    binDir: filePath.optional(),
    options: z.string().optional(),
    logFile: filePath.optional(),
    ...common,
  }),
  z.strictObject({
    control: z.literal('command'),
    start: command,
    stop: command,
    state: command.describe('exits 0 when running, 3 when stopped, 4 when there is no such service'),
    ...common,
  }),
]);
