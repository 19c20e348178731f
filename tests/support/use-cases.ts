/** The use cases over the simulator's stores with all faults off, and queues and a bus that keep what they are sent. */
import { slots } from '../../application/tenant/slots.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { Tenant } from '../../domain/tenant/tenant.ts';
import type { Endpoint } from '../../domain/webhook/endpoint.ts';
import type { TenantEvent } from '../../domain/webhook/notification.ts';
import type { Message } from '../../io/aws/lambda.ts';
import type { Outgoing, Queue } from '../../io/aws/queues.ts';
import { limitPerKey } from '../../io/process/limit-per-key.ts';
import type { Log, LogFacts } from '../../io/process/log.ts';
import { batched } from '../../io/table/batching.ts';
import type { Ports } from '../conformance/contract.ts';
import { openSimulatedBackend } from '../conformance/simulated.ts';
import { itemObjectsIn } from '../simulation/item-objects.ts';
import type { AllPorts } from '../simulation/lambdas.ts';
import { BUCKET, NOW, types } from './jobs.ts';

export interface LogLine extends LogFacts {
  readonly event: string;
  readonly error?: unknown;
}

export function useCases({
  tenants = [],
  endpoints = [],
}: {
  tenants?: readonly Tenant[];
  endpoints?: readonly Endpoint[];
} = {}) {
  const backend = openSimulatedBackend({ tenants, endpoints });
  const stores = backend.process();
  const time = { nowMs: NOW };
  const clock = {
    nowMs: () => time.nowMs,
    waitUntil: async (atMs: number) => {
      time.nowMs = Math.max(time.nowMs, atMs);
    },
  };
  const errors: LogLine[] = [];
  const log: Log = { info: () => undefined, error: (event, facts) => void errors.push({ event, ...facts }) };
  const sent = {
    front: keeping<Outgoing>(),
    submit: keeping<Outgoing>(),
    deliver: keeping<Outgoing>(),
    letters: keeping<Outgoing>(),
    events: keeping<TenantEvent>(),
  };
  /** Of the bucket, by their addresses. */
  const objects = new Map<string, string>();
  const { count, lines } = itemObjectsIn(objects);
  const submitted: string[] = [];
  let tokens = 0;
  const queueOf = ({ take }: ReturnType<typeof keeping<Outgoing>>): Queue => ({ send: take });
  const submitQueue = queueOf(sent.submit);
  const parts = {
    ...stores,
    clock,
    log,
    batched,
    limitPerKey,
    submitQueue,
    random: { fraction: () => 0, token: () => `token-${++tokens}` },
    defaultCap: 0,
  };
  const ports: AllPorts &
    Pick<Ports, 'lists' | 'groupLists' | 'failures' | 'receipts' | 'deliveries' | 'endpoints'> = {
    ...parts,
    retentionDays: { succeeded: 90, failed: 180, cancelled: 90, expired: 90 },
    slots: slots(parts),
    carryOut: async () => undefined,
    frontQueue: queueOf(sent.front),
    itemObjects: {
      count: async (...asked) => count(...asked),
      lines: async (...asked) => lines(...asked),
    },
    manifests: {
      putOnce: async (key, content) => {
        const uri = `s3://${BUCKET}/${key}`;
        if (!objects.has(uri)) objects.set(uri, content);
      },
    },
    deliveryQueue: queueOf(sent.deliver),
    deadLetters: queueOf(sent.letters),
    bus: { publish: sent.events.take },
    batch: {
      submit: async ({ jobName }) => {
        submitted.push(jobName);
        return { kind: 'accepted', runId: `run-${submitted.length}` };
      },
      listByName: async () => [],
      describe: async () => new Map(),
      terminate: async () => undefined,
    },
    functions: { start: async () => ({ kind: 'accepted', runId: 'lambda:run' }) },
    batchWaiting: { describeQueue: async () => undefined, cancelWaiting: async () => undefined },
    limiter: { reserve: async () => ({ kind: 'at', atMs: time.nowMs }) },
    turns: { book: async (_, earliestMs) => earliestMs },
    keys: { open: async () => `whsec_${btoa('k'.repeat(32))}` },
    sign: () => ({}),
    webhooks: { post: async () => ({ kind: 'answered', status: 200, ms: 1 }) },
    types,
    pricing: { region: 'us-east-1', spotFactor: 0.5 },
    bucket: BUCKET,
    objectDays: 30,
    settleMs: 60_000,
    callsPerSecond: 40,
    tickets: { sign: async () => 'hgt.k1.ticket' },
    targets: {
      queues: { standard: 'standard', economy: 'economy' },
      definitionOf: (jobType) => jobType,
      functionOf: (jobType: string) => jobType,
    },
    defaults: {
      admitUnknown: true,
      cap: 0,
      waitingQuota: 1000,
      priorityCeiling: 'high',
      abovePriorityCeiling: 'clamp',
    },
  };
  return { ports, time, errors, sent, submitted, objects, caughtUp: backend.caughtUp };
}

/** Keeps what it takes, and refuses what it is told to, as one call with several entries does. */
function keeping<Entry>() {
  const taken: Entry[] = [];
  const rules = { refuses: (_: Entry): boolean => false };
  return {
    taken,
    rules,
    async take(entries: readonly Entry[]): Promise<void> {
      const failed = new Set(entries.filter(rules.refuses));
      taken.push(...entries.filter((entry) => !failed.has(entry)));
      if (failed.size > 0) throw Object.assign(new Error('Some were refused'), { failed });
    },
  };
}

let ids = 0;
export const messageOf = (body: object): Message => ({
  id: `message-${++ids}`,
  body: JSON.stringify(body),
  attributes: {},
});

export const submitMessageOf = ({ tenantId, jobId, attempt }: JobRecord): Message =>
  messageOf({ tenantId, jobId, attempt });
