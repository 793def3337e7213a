/** Restore to the newest state that the stores hold, or of components without a history to the backup itself. */
import type { RestoreRequest } from '../../domain/requests';
import { procedure } from '../frame/procedure';
import { restoreRunbook } from './runbook';

export const restore = procedure<RestoreRequest>('restore', restoreRunbook);
