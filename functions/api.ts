/**
 * The door for tenants: a Function URL that is open to the internet, for callers with a token. It has none of the operations of
 * operators, and its role could not carry them out.
 */

import { app } from '../api/app.ts';
import { endpointReadOperations } from '../api/contract/endpoints.ts';
import { groupOperations } from '../api/contract/groups.ts';
import { jobOperations } from '../api/contract/jobs.ts';
import { logOperations } from '../api/contract/logs.ts';
import { scheduleOperations } from '../api/contract/schedules.ts';
import { serviceOperations } from '../api/contract/service.ts';
import { usageOperations } from '../api/contract/usage.ts';
import { callersBy } from '../api/credentials.ts';
import { served } from '../api/handler.ts';
import { endpointReadHandlers } from '../api/handlers/endpoints.ts';
import { groupHandlers } from '../api/handlers/groups.ts';
import { jobHandlers } from '../api/handlers/jobs.ts';
import { logHandlers } from '../api/handlers/logs.ts';
import { scheduleHandlers } from '../api/handlers/schedules.ts';
import { serviceHandlers } from '../api/handlers/service.ts';
import { usageHandlers } from '../api/handlers/usage.ts';
import { functionUrlHandler } from '../api/lambda.ts';
import { authenticator } from '../application/access/authenticate.ts';
import { resources } from '../application/resources/resources.ts';
import {
  openBucket,
  openDoor,
  openKeys,
  openLogs,
  openPages,
  openReceipts,
  openSchedules,
} from '../io/open.ts';
import { jobTypes } from '../job-types.ts';

const door = openDoor('api');
const ports = {
  ...door,
  ...openReceipts(door),
  ...openSchedules(door),
  ...openKeys(),
  ...openBucket(),
  ...openLogs(),
  ...openPages(),
  types: jobTypes,
};

export const handler = functionUrlHandler(
  app(
    {
      served: [
        ...served(jobOperations, jobHandlers(ports)),
        ...served(logOperations, logHandlers(ports)),
        ...served(groupOperations, groupHandlers(ports)),
        ...served(scheduleOperations, scheduleHandlers(ports)),
        ...served(usageOperations, usageHandlers(ports)),
        ...served(endpointReadOperations, endpointReadHandlers(ports)),
        ...served(serviceOperations, serviceHandlers({ name: 'api', audience: ports.audience })),
      ],
      identify: callersBy(authenticator(ports)),
      origins: ports.pageOrigins,
    },
    { ...ports, resources: resources(ports) },
  ),
  ports.log,
);
