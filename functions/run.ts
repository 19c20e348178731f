/** Invoked by submit, once for each attempt: does the work of a job type whose executor is Lambda. */
import { openRun } from '../io/open.ts';
import { jobTypes } from '../job-types.ts';
import { handlerOf } from '../worker/handlers/of-functions.ts';
import { invoked } from '../worker/invocation.ts';

export const handler = invoked({ ...openRun('worker'), handlerOf, types: jobTypes });
