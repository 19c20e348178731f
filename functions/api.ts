/**
 * The door for tenants: a Function URL that is open to the internet, for callers with a token. It has none of the operations of
 * operators, and its role could not carry them out.
 */

import { app } from '../api/app.ts';
import { jobOperations } from '../api/contract/jobs.ts';
import { serviceOperations } from '../api/contract/service.ts';
import { callersBy } from '../api/credentials.ts';
import { served } from '../api/handler.ts';
import { jobHandlers } from '../api/handlers/jobs.ts';
import { serviceHandlers } from '../api/handlers/service.ts';
import { functionUrlHandler } from '../api/lambda.ts';
import { authenticator } from '../application/access/authenticate.ts';
import { resources } from '../application/resources/resources.ts';
import { openBucket, openDoor, openKeys } from '../io/open.ts';
import { jobTypes } from '../job-types.ts';

const ports = { ...openDoor('api'), ...openKeys(), ...openBucket(), types: jobTypes };

export const handler = functionUrlHandler(
  app(
    {
      served: [
        ...served(jobOperations, jobHandlers(ports)),
        ...served(serviceOperations, serviceHandlers({ name: 'api', audience: ports.audience })),
      ],
      identify: callersBy(authenticator(ports)),
    },
    { ...ports, resources: resources(ports) },
  ),
);
