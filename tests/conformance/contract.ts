/** What the contract of a port speaks of: a backend of ports, and what can be seen of it from outside. */
import type { Tenant } from '../../domain/tenant/tenant.ts';
import type { Endpoint } from '../../domain/webhook/endpoint.ts';
import type { Message } from '../../io/aws/lambda.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { DeliveryStore } from '../../io/table/deliveries.ts';
import type { DueIndex } from '../../io/table/due.ts';
import type { EndpointStore } from '../../io/table/endpoints.ts';
import type { GateStore } from '../../io/table/gates.ts';
import type { JobLists } from '../../io/table/job-lists.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import type { ScheduleStore } from '../../io/table/schedules.ts';
import type { TenantStore } from '../../io/table/tenants.ts';
import type { WaitingStore } from '../../io/table/waiting.ts';
export interface Ports {
  readonly jobs: JobStore;
  readonly lists: JobLists;
  readonly deliveries: DeliveryStore;
  readonly due: DueIndex;
  readonly tenants: Pick<TenantStore, 'load'>;
  readonly endpoints: Pick<EndpointStore, 'list' | 'get' | 'change' | 'changeHealth'>;
  readonly gates: GateStore;
  readonly waiting: WaitingStore;
  readonly schedules: ScheduleStore;
  readonly queue: Queue;
}

export interface Backend {
  /** The ports of one more process: a Lambda or a container, with connections and a memory of its own. */
  process(): Ports;
  /** Resolves when indexes, which lag, show what has been written. */
  caughtUp(): Promise<void>;
  /** What a reader finds in the queue. @param expected it looks for no more once it has as many */
  read(expected: number): Promise<Reading>;
  close(): Promise<void>;
}

export interface Reading {
  readonly arrived: readonly Arrived[];
  /** Sent, but not to be seen yet. */
  readonly held: number;
}

export interface Arrived extends Message {
  readonly waitedMs: number;
  readonly groupId: string | undefined;
}

/** How long a reader stays: delays below this arrive, longer ones are held. */
export const READER_MS = 2500;

export interface Circumstances {
  readonly tenants?: readonly Tenant[];
  readonly endpoints?: readonly Endpoint[];
  /** The answer to each write is lost on its way, and the client makes the call once more. */
  readonly answersLost?: boolean;
}

export type TargetName = 'simulator' | 'embedded' | 'moto' | 'ministack';
