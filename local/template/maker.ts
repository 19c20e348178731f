/** A maker of one resource of a planned stack: its signature, and the services that it may use. */
import type { EventBridge } from '../events/eventbridge.ts';
import type { Lambda } from '../lambda/lambda.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Identity, Resource } from './identities.ts';
import type { Stack } from './stack.ts';

/**
 * One call to a service of this cloud.
 * @throws ApiError, the refusal of the service
 */
export type Call = (
  service: 'batch' | 'dynamodb' | 'kms' | 's3' | 'sqs',
  operation: string,
  input: Readonly<Record<string, unknown>>,
) => Promise<Record<string, unknown>>;

export interface Services {
  readonly call: Call;
  readonly events: Pick<EventBridge, 'declare'>;
  readonly lambda: Pick<Lambda, 'define' | 'map' | 'permit' | 'configure' | 'openUrl'>;
  readonly metrics: Pick<Metrics, 'declare'>;
  /** The folder of the bundles, at the paths of the handlers. */
  readonly bundles: string;
  /** Variables that every function gets besides those of the template. */
  readonly functionEnvironment: Readonly<Record<string, string>>;
}

/** @returns an identity only if the service decides it */
export type Maker = (resource: Resource, services: Services, stack: Stack) => Promise<Identity | undefined>;
