/** Restore to a chosen time, WAL position, named restore point or transaction. */
import type { RestoreRequest } from '../../domain/requests';
import { procedure } from '../frame/procedure';
import { restoreRunbook } from './runbook';

export const pointInTimeRestore = procedure<RestoreRequest>('point-in-time restore', restoreRunbook);
