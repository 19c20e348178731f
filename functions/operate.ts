/**
 * The door for operators: a Function URL that IAM guards. Which door this is, is decided by this file, so no request and no
 * variable can make it another one.
 */

import { app } from '../api/app.ts';
import { failedJobHandlers } from '../api/handlers/failed-jobs.ts';
import { jobHandlers } from '../api/handlers/jobs.ts';
import { serviceHandlers } from '../api/handlers/service.ts';
import { tenantHandlers } from '../api/handlers/tenants.ts';
import { functionUrlHandler } from '../api/lambda.ts';
import { operatorOf } from '../api/operators.ts';
import { resources } from '../application/resources/resources.ts';
import { openBucket, openDoor } from '../io/open.ts';
import { jobTypes } from '../job-types.ts';

const ports = { ...openDoor('operate'), ...openBucket(), types: jobTypes };
const handlers = {
  ...jobHandlers(ports),
  ...failedJobHandlers(ports),
  ...tenantHandlers(ports),
  ...serviceHandlers({ name: 'operate', audience: ports.audience }),
};

export const handler = functionUrlHandler(
  app({ name: 'operate', handlers, identify: operatorOf }, { ...ports, resources: resources(ports) }),
);
