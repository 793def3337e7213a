/** The command line as it ships, in a process that can be killed at a chosen moment (see `witness.ts`). */
import { aroundActivities } from '../../workers/around';
import { Witness } from './witness';

const folder = process.env['HOLDFAST_TEST_MOMENTS'];
if (folder === undefined) throw new Error('HOLDFAST_TEST_MOMENTS names no folder');
aroundActivities.push(() => new Witness(folder));
void import('../../client/main.js');
