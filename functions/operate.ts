/**
 * The door for operators: a Function URL that IAM guards. Which door this is, is decided by this file, so no request and no
 * variable can make it another one.
 */

import { app } from '../api/app.ts';
import { endpointReadOperations, endpointSetupOperations } from '../api/contract/endpoints.ts';
import { erasureOperations } from '../api/contract/erasure.ts';
import { failedJobOperations } from '../api/contract/failed-jobs.ts';
import { groupOperations } from '../api/contract/groups.ts';
import { jobOperations } from '../api/contract/jobs.ts';
import { keyOperations } from '../api/contract/keys.ts';
import { logOperations } from '../api/contract/logs.ts';
import { bulkOperations } from '../api/contract/operations.ts';
import { scheduleOperations } from '../api/contract/schedules.ts';
import { serviceOperations } from '../api/contract/service.ts';
import { tenantOperations } from '../api/contract/tenants.ts';
import { upkeepOperations } from '../api/contract/upkeep.ts';
import { usageOperations } from '../api/contract/usage.ts';
import { served } from '../api/handler.ts';
import { endpointReadHandlers, endpointSetupHandlers } from '../api/handlers/endpoints.ts';
import { erasureHandlers } from '../api/handlers/erasure.ts';
import { failedJobHandlers } from '../api/handlers/failed-jobs.ts';
import { groupHandlers } from '../api/handlers/groups.ts';
import { jobHandlers } from '../api/handlers/jobs.ts';
import { keyHandlers } from '../api/handlers/keys.ts';
import { logHandlers } from '../api/handlers/logs.ts';
import { operationHandlers } from '../api/handlers/operations.ts';
import { scheduleHandlers } from '../api/handlers/schedules.ts';
import { serviceHandlers } from '../api/handlers/service.ts';
import { tenantHandlers } from '../api/handlers/tenants.ts';
import { upkeepHandlers } from '../api/handlers/upkeep.ts';
import { usageHandlers } from '../api/handlers/usage.ts';
import { functionUrlHandler } from '../api/lambda.ts';
import { operatorOf } from '../api/operators.ts';
import { resources } from '../application/resources/resources.ts';
import {
  openBucket,
  openDoor,
  openEnded,
  openEndpointSetup,
  openKeyRegister,
  openLogs,
  openSchedules,
  openUpkeep,
} from '../io/open.ts';
import { jobTypes } from '../job-types.ts';

const door = openDoor('operate');
const ports = {
  ...door,
  ...openEnded(door),
  ...openSchedules(door),
  ...openEndpointSetup(door),
  ...openKeyRegister(),
  ...openUpkeep(door),
  ...openBucket(),
  ...openLogs(),
  types: jobTypes,
};

export const handler = functionUrlHandler(
  app(
    {
      served: [
        ...served(jobOperations, jobHandlers(ports)),
        ...served(logOperations, logHandlers(ports)),
        ...served(failedJobOperations, failedJobHandlers(ports)),
        ...served(bulkOperations, operationHandlers(ports)),
        ...served(groupOperations, groupHandlers(ports)),
        ...served(usageOperations, usageHandlers(ports)),
        ...served(endpointReadOperations, endpointReadHandlers(ports)),
        ...served(endpointSetupOperations, endpointSetupHandlers(ports)),
        ...served(tenantOperations, tenantHandlers(ports)),
        ...served(erasureOperations, erasureHandlers(ports)),
        ...served(scheduleOperations, scheduleHandlers(ports)),
        ...served(keyOperations, keyHandlers(ports)),
        ...served(upkeepOperations, upkeepHandlers(ports)),
        ...served(serviceOperations, serviceHandlers({ name: 'operate', audience: ports.audience })),
      ],
      identify: operatorOf,
    },
    { ...ports, resources: resources(ports) },
  ),
  ports.log,
);
