/**
 * The door for operators: a Function URL that IAM guards. Which door this is, is decided by this file, so no request and no
 * variable can make it another one.
 */

import { app } from '../api/app.ts';
import { failedJobOperations } from '../api/contract/failed-jobs.ts';
import { jobOperations } from '../api/contract/jobs.ts';
import { keyOperations } from '../api/contract/keys.ts';
import { scheduleOperations } from '../api/contract/schedules.ts';
import { serviceOperations } from '../api/contract/service.ts';
import { tenantOperations } from '../api/contract/tenants.ts';
import { served } from '../api/handler.ts';
import { failedJobHandlers } from '../api/handlers/failed-jobs.ts';
import { jobHandlers } from '../api/handlers/jobs.ts';
import { keyHandlers } from '../api/handlers/keys.ts';
import { scheduleHandlers } from '../api/handlers/schedules.ts';
import { serviceHandlers } from '../api/handlers/service.ts';
import { tenantHandlers } from '../api/handlers/tenants.ts';
import { functionUrlHandler } from '../api/lambda.ts';
import { operatorOf } from '../api/operators.ts';
import { resources } from '../application/resources/resources.ts';
import { openBucket, openDoor, openKeyRegister, openSchedules } from '../io/open.ts';
import { jobTypes } from '../job-types.ts';

const door = openDoor('operate');
const ports = { ...door, ...openSchedules(door), ...openKeyRegister(), ...openBucket(), types: jobTypes };

export const handler = functionUrlHandler(
  app(
    {
      served: [
        ...served(jobOperations, jobHandlers(ports)),
        ...served(failedJobOperations, failedJobHandlers(ports)),
        ...served(tenantOperations, tenantHandlers(ports)),
        ...served(scheduleOperations, scheduleHandlers(ports)),
        ...served(keyOperations, keyHandlers(ports)),
        ...served(serviceOperations, serviceHandlers({ name: 'operate', audience: ports.audience })),
      ],
      identify: operatorOf,
    },
    { ...ports, resources: resources(ports) },
  ),
);
