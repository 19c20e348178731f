/** Makes a planned stack by the calls CloudFormation would send, and leaves alone what an earlier run made alike. */
import { ApiError } from '../aws.ts';
import type { LambdaHost } from '../lambda/host.ts';
import type { Identity, Resource } from './identities.ts';
import { batchMakers } from './make-batch.ts';
import { eventMakers } from './make-events.ts';
import { functionMakers } from './make-functions.ts';
import { keyMakers } from './make-keys.ts';
import { storeMakers } from './make-stores.ts';
import { TemplateRefusal } from './refusal.ts';
import type { Stack } from './stack.ts';

/** One call to a service of this cloud. @throws ApiError as the service refused */
export type Call = (
  service: 'batch' | 'dynamodb' | 'events' | 'kms' | 's3' | 'sqs',
  operation: string,
  input: Readonly<Record<string, unknown>>,
) => Promise<Record<string, unknown>>;

export interface Services {
  readonly call: Call;
  readonly lambda: Pick<LambdaHost, 'define' | 'map'>;
  /** Where the bundles lie, at the paths of the handlers. */
  readonly bundles: string;
  /** Variables that every function gets besides those of the template. */
  readonly functionEnvironment: Readonly<Record<string, string>>;
}

/** @returns an identity only where the service decides it */
export type Maker = (resource: Resource, services: Services, stack: Stack) => Promise<Identity | undefined>;

const MAKERS: Readonly<Record<string, Maker>> = {
  ...storeMakers,
  ...eventMakers,
  ...keyMakers,
  ...batchMakers,
  ...functionMakers,
};

/** @throws TemplateRefusal naming the resource that a service would not take */
export async function makeStack(stack: Stack, services: Services): Promise<void> {
  for (const { logicalId, type } of stack.resources) {
    const make = MAKERS[type];
    if (make === undefined) continue;
    try {
      const identity = await make(stack.resource(logicalId), services, stack);
      if (identity) stack.settle(logicalId, identity);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      throw new TemplateRefusal(`Resources.${logicalId} (${type})`, `${error.name}: ${error.message}`);
    }
  }
}
