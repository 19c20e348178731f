/** The real step functions, each invocation over its own ports. */
import { pacedBatch } from '../../application/batch/paced-batch.ts';
import { type SubmitPorts, submit } from '../../application/batch/submit.ts';
import { type TrackPorts, track } from '../../application/batch/track.ts';
import { type IntakePorts, intake } from '../../application/intake/intake.ts';
import { type TickPorts, tick } from '../../application/repair/tick.ts';
import type { PutSchedulePorts } from '../../application/schedule/schedules.ts';
import { type SlotPorts, type Slots, slots } from '../../application/tenant/slots.ts';
import { deliver } from '../../application/webhook/deliver.ts';
import type { DeliveryPorts } from '../../application/webhook/delivery-try.ts';
import { type NotifyPorts, notify } from '../../application/webhook/notify.ts';
import type { WorkerApiPorts } from '../../application/worker/ports.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { JobTypes } from '../../domain/job/job-type.ts';
import type { TenantDefaults } from '../../domain/tenant/policy.ts';
import type { Bus } from '../../io/aws/bus.ts';
import type { Message, MessageBatch } from '../../io/aws/lambda.ts';
import type { Webhooks } from '../../io/http/post.ts';
import { signedHeaders } from '../../io/http/signature.ts';
import type { PacingClock } from '../../io/process/clock.ts';
import { limitPerKey } from '../../io/process/limit-per-key.ts';
import { batched } from '../../io/table/batching.ts';
import type { RateLimiter } from '../../io/table/rate-limiter.ts';
import type { VirtualBatch } from './batch.ts';
import type { VirtualDueIndex } from './due.ts';
import { type Run, reach } from './faults.ts';
import type { VirtualGates } from './gates.ts';
import { simulatedKeys } from './keys.ts';
import type { VirtualQueue } from './queues.ts';
import type { VirtualSchedules } from './schedules.ts';
import type { Table } from './table.ts';
import type { Process } from './world.ts';

export const BUCKET = 'headgate-jobs';
export const SETTLE_MS = 60_000;
/** So few that a run of tick now and then leaves something to the next. */
const CALLS_PER_SECOND = 1 / 12;
export const defaults: TenantDefaults = {
  admitUnknown: false,
  cap: 0,
  waitingQuota: 1000,
  priorityCeiling: 'high',
  abovePriorityCeiling: 'clamp',
};

export interface Services {
  readonly table: Table;
  readonly gates: VirtualGates;
  readonly schedules: VirtualSchedules;
  readonly index: VirtualDueIndex;
  readonly batch: VirtualBatch;
  readonly types: JobTypes;
  /** What the version that this process runs has registered. */
  typesOf(process: Process): JobTypes;
  readonly front: VirtualQueue;
  readonly submitQueue: VirtualQueue;
  readonly deliveryQueue: VirtualQueue;
  deadLettersFor(process: Process): TrackPorts['deadLetters'];
  busFor(process: Process): Bus;
  webhooksFor(process: Process): Webhooks;
}

export type AllPorts = IntakePorts &
  SubmitPorts &
  TrackPorts &
  NotifyPorts &
  DeliveryPorts &
  TickPorts &
  PutSchedulePorts &
  SlotPorts;
/** Slots are made of the other ports, so a defect in one of those is a defect in them. */
export type Parts = Omit<AllPorts, 'slots'>;

/** A defect put into one of the steps, to see whether the checks find it. */
export type Defect = (sound: Parts, process: Process) => Partial<AllPorts>;
type Step = 'intake' | 'submit' | 'track' | 'notify' | 'deliver' | 'tick' | 'workerApi' | 'owner';

export interface Mutant {
  readonly defects?: Partial<Record<Step, Defect>>;
  /** Rewrites a message on its way to a step, given the records as they are. */
  /** Taken out of the function that containers call, or of the bucket. */
  readonly workerApi?: (sound: WorkerApiPorts, process: Process) => Partial<WorkerApiPorts>;
  readonly overwritesObjects?: boolean;
  readonly message?: (step: Step, message: Message, job: (jobId: string) => JobRecord | undefined) => Message;
}

export function partsOf(run: Run, services: Services, process: Process): Parts {
  const { table, gates } = services;
  const dice = run.world.dice(process.name);
  const clock = clockOf(run, process);
  return {
    jobs: table.jobsFor(process),
    tenants: table.tenantsFor(process),
    gates: gates.gatesFor(process),
    waiting: gates.waitingFor(process),
    schedules: services.schedules.portFor(process),
    frontQueue: services.front.portFor(process),
    defaults,
    defaultCap: defaults.cap,
    endpoints: table.endpointsFor(process),
    deliveries: table.deliveriesFor(process),
    due: services.index.portFor(process),
    batch: pacedBatch(services.batch.portFor(process), limiterOf(run, process), clock),
    limiter: limiterOf(run, process),
    submitQueue: services.submitQueue.portFor(process),
    deliveryQueue: services.deliveryQueue.portFor(process),
    keys: {
      open: ({ endpointId }, sealed) =>
        reach(run, process, { site: 'keys.open' }, () => secretOf(endpointId, sealed)),
    },
    sign: signedHeaders,
    batched,
    limitPerKey,
    deadLetters: services.deadLettersFor(process),
    bus: services.busFor(process),
    webhooks: services.webhooksFor(process),
    clock,
    random: { fraction: dice.fraction, token: () => String(dice.fraction()) },
    log: run.log(process),
    types: services.typesOf(process),
    bucket: BUCKET,
    objectDays: 30,
    settleMs: SETTLE_MS,
    callsPerSecond: CALLS_PER_SECOND,
    tickets: simulatedKeys,
    targets: {
      queues: { standard: 'standard', economy: 'economy' },
      definitionOf: (jobType) => jobType,
    },
  };
}

/** What KMS would open: another for each endpoint and key. */
export const secretOf = (endpointId: string, sealed: string): string =>
  `whsec_${btoa(`${endpointId} ${sealed}`.padEnd(32, '.'))}`;

export interface Lambdas {
  intake(process: Process): MessageBatch;
  submit(process: Process): MessageBatch;
  track(process: Process): MessageBatch;
  notify(process: Process): MessageBatch;
  deliver(process: Process): MessageBatch;
  tick(process: Process): () => Promise<void>;
}

export function lambdas(run: Run, services: Services, mutant: Mutant): Lambdas {
  const ports = (process: Process, step: Step): AllPorts => {
    const sound = partsOf(run, services, process);
    const defect = mutant.defects?.[step]?.(sound, process);
    return { ...sound, slots: inTurns(run, process, slots({ ...sound, ...defect })), ...defect };
  };
  const rewritten =
    (step: Step, handle: MessageBatch): MessageBatch =>
    (messages) =>
      handle(messages.map((message) => mutant.message?.(step, message, services.table.job) ?? message));
  return {
    intake: (process) => rewritten('intake', intake(ports(process, 'intake'))),
    submit: (process) => rewritten('submit', submit(ports(process, 'submit'))),
    track: (process) => rewritten('track', track(ports(process, 'track'))),
    notify: (process) => rewritten('notify', notify(ports(process, 'notify'))),
    deliver: (process) => rewritten('deliver', deliver(ports(process, 'deliver'))),
    tick: (process) => tick(ports(process, 'tick')),
  };
}

export function clockOf(run: Run, process: Process): PacingClock {
  const nowMs = () => run.world.nowMs() + process.skewMs;
  return { nowMs, waitUntil: (atMs) => run.world.sleep(process, Math.max(0, atMs - nowMs())) };
}

/** The limiter itself has tests of its own; here it is now and then full. */
function limiterOf(run: Run, process: Process): RateLimiter {
  return {
    reserve: () =>
      reach(run, process, { site: 'limiter.reserve' }, () => {
        const nowMs = run.world.nowMs();
        const isFull = run.lasting.isRateLimitFull() || run.strikes('pace.full', run.faults);
        if (isFull) return { kind: 'full', retryAtMs: nowMs + 3000 };
        return { kind: 'at', atMs: nowMs + run.faults.whole(0, 250) };
      }),
  };
}

/** What is asked of the slots is gathered until the end of a turn. */
function inTurns(run: Run, process: Process, sound: Slots): Slots {
  return {
    ...sound,
    async acquire(...asked) {
      process.turning++;
      run.world.stir(process);
      try {
        return await sound.acquire(...asked);
      } finally {
        process.turning--;
      }
    },
  };
}
