/**
 * What else is wrapped around every activity of this process, innermost: inside the pulse and inside the mapping of errors.
 * Empty unless an entry point fills it before workers start; observers and fault injection hang on here, so that no step knows of them.
 */
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';

export const aroundActivities: (() => ActivityInboundCallsInterceptor)[] = [];
