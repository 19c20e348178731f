/** What the contract of a port speaks of: a backend of ports, and what can be seen of it from outside. */
import type { Tenant } from '../../domain/tenant/tenant.ts';
import type { Endpoint } from '../../domain/webhook/endpoint.ts';
import type { Message } from '../../io/aws/lambda.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { DeliveryLog, DeliveryStore } from '../../io/table/deliveries.ts';
import type { DependantStore } from '../../io/table/dependency/dependants.ts';
import type { RollStore } from '../../io/table/due/rolls.ts';
import type { DueIndex } from '../../io/table/due.ts';
import type { EndpointRegister } from '../../io/table/endpoints.ts';
import type { FailureStore } from '../../io/table/failures.ts';
import type { GateStore } from '../../io/table/gates.ts';
import type { ArrayItemStore } from '../../io/table/group/array-items.ts';
import type { GroupLists } from '../../io/table/group/group-lists.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';
import type { JobLists } from '../../io/table/job-lists.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import type { OperationStore } from '../../io/table/operation/operations.ts';
import type { ReceiptStore } from '../../io/table/receipts.ts';
import type { ScheduleStore } from '../../io/table/schedules.ts';
import type { TenantStore } from '../../io/table/tenants.ts';
import type { WaitingStore } from '../../io/table/waiting.ts';
export interface Ports {
  readonly jobs: JobStore;
  readonly dependants: DependantStore;
  readonly lists: JobLists;
  readonly failures: FailureStore;
  readonly receipts: ReceiptStore;
  readonly rolls: RollStore;
  readonly deliveries: DeliveryStore & DeliveryLog;
  readonly due: DueIndex;
  readonly tenants: Pick<TenantStore, 'load'>;
  readonly endpoints: EndpointRegister;
  readonly gates: GateStore;
  readonly groups: GroupStore;
  readonly arrayItems: ArrayItemStore;
  readonly groupLists: GroupLists;
  readonly waiting: WaitingStore;
  readonly schedules: ScheduleStore;
  readonly operations: OperationStore;
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
