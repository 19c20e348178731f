/** What the embedded Batch needs from its surroundings, what it offers them, and the faults that a test may inject. */
import type { DatabaseSync } from 'node:sqlite';
import type { ApiRequest, ApiResponse, AwsEvent } from '../aws.ts';
import type { ImageSource } from './containers/image.ts';

export interface LogSink {
  open(group: string, stream: string): void;
  write(group: string, stream: string, message: string): void;
}

export interface BatchOptions {
  readonly region: string;
  /** Open; Batch adds its own tables. The caller chooses its journal mode: each state change is one commit. */
  readonly store: DatabaseSync;
  readonly clock: { now(): number };
  /** A durable hand-over to EventBridge. When it rejects, it is called again with the same event. */
  emit(event: AwsEvent): Promise<void>;
  /** Where the output of containers goes: one call for each stream that is opened, and one for each line. */
  readonly logs: LogSink;
  /** The value of a secret or parameter, as a job definition names it; undefined when there is no such one. */
  readonly secret?: ((valueFrom: string) => Promise<string | undefined>) | undefined;
  /** What runs in place of a container image; undefined when there is no such image. */
  imageSource(image: string): ImageSource | undefined;
  /** What ECS would give every container: endpoint, region, credentials. */
  containerEnvironment(): Record<string, string>;
  /** One line for the operator, without payloads. */
  report(line: string): void;
  /** SubmitJob calls in a second; 50 as in AWS unless given, and Infinity for no limit. */
  readonly submitsPerSecond?: number | undefined;
  /** Between SIGTERM and SIGKILL; 30 as in AWS unless given. */
  readonly terminationGraceSeconds?: number;
}

export interface BatchFaults {
  /** `error` answers 500 and `lose_reply` nothing at all, both after the job was accepted; `lose_request` answers nothing and takes none. */
  submit?: (
    request: ApiRequest,
  ) => 'accept' | 'throttle' | 'refuse' | 'error' | 'lose_reply' | 'lose_request';
  /** A delay is counted by the clock, and lets later events of the job overtake. */
  event?: (event: AwsEvent) => 'deliver' | 'drop' | 'duplicate' | { readonly delaySeconds: number };
  /** Nothing starts: jobs stay RUNNABLE. */
  noCapacity?: true;
  /** Whether Spot takes this try away as soon as it runs; asked for tries on Spot alone. */
  reclaim?: (jobName: string) => boolean;
  /** ListJobs does not show jobs younger than this. */
  listLag?: { readonly seconds: number };
}

export interface Batch {
  handle(request: ApiRequest): Promise<ApiResponse>;
  /** Takes up what an earlier run on the same store left, and runs jobs from here on. */
  start(): Promise<void>;
  /** Ends every container. Jobs that were running have lost their host when the store is started again. */
  close(): Promise<void>;
  readonly faults: BatchFaults;
  activity(): { queued: number; running: number; undelivered: number };
}
