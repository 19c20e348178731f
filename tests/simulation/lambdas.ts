/** The real step functions, each invocation over its own ports. */
import { pacedBatch } from '../../application/batch/paced-batch.ts';
import { type SubmitPorts, submit } from '../../application/batch/submit.ts';
import { type TrackPorts, track } from '../../application/batch/track.ts';
import { type IntakePorts, intake } from '../../application/intake/intake.ts';
import { type CarryOutPorts, operationWorker } from '../../application/operation/carry-out.ts';
import type { OperationListPorts, StartPorts } from '../../application/operation/operations.ts';
import { type TickPorts, tick } from '../../application/repair/tick.ts';
import type { PutSchedulePorts } from '../../application/schedule/schedules.ts';
import { type SlotPorts, slots } from '../../application/tenant/slots.ts';
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
import { type Batched, batched } from '../../io/table/batching.ts';
import type { RateLimiter } from '../../io/table/rate-limiter.ts';
import type { TurnBook } from '../../io/table/turn-book.ts';
import type { VirtualBatch } from './batch.ts';
import type { VirtualDependants } from './dependants.ts';
import type { VirtualDueIndex } from './due.ts';
import type { VirtualFailures } from './failures.ts';
import { type Run, reach } from './faults.ts';
import type { VirtualGates } from './gates.ts';
import type { VirtualGroups } from './groups.ts';
import { simulatedKeys } from './keys.ts';
import type { VirtualOperations } from './operations.ts';
import type { VirtualQueue } from './queues.ts';
import type { VirtualReceipts } from './receipts.ts';
import type { VirtualRolls } from './rolls.ts';
import { checkingRunning } from './running.ts';
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
  readonly failures: VirtualFailures;
  readonly receipts: VirtualReceipts;
  readonly rolls: VirtualRolls;
  readonly schedules: VirtualSchedules;
  readonly operations: VirtualOperations;
  readonly dependants: VirtualDependants;
  readonly groups: VirtualGroups;
  readonly index: VirtualDueIndex;
  readonly batch: VirtualBatch;
  readonly functions: { portFor(process: Process): SubmitPorts['functions'] };
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
  CarryOutPorts &
  PutSchedulePorts &
  StartPorts &
  Pick<OperationListPorts, 'operations'> &
  SlotPorts;
/** Slots and operations are made of the other ports, so a defect in one of those is a defect in them. */
export type Parts = Omit<AllPorts, 'slots' | 'carryOut'>;

/** A defect put into one of the steps, to see whether the checks find it. */
export type Defect = (sound: Parts, process: Process) => Partial<AllPorts>;
type Step =
  | 'intake'
  | 'submit'
  | 'track'
  | 'notify'
  | 'deliver'
  | 'tick'
  | 'workerApi'
  | 'owner'
  | 'door'
  | 'operator';

export interface Mutant {
  readonly defects?: Partial<Record<Step, Defect>>;
  /** Rewrites a message on its way to a step, given the records as they are. */
  /** Taken out of the function that containers call, or of the bucket. */
  readonly workerApi?: (sound: WorkerApiPorts, process: Process) => Partial<WorkerApiPorts>;
  readonly overwritesObjects?: boolean;
  /** A link is put over what is there. */
  readonly overwritesDependants?: boolean;
  readonly message?: (step: Step, message: Message, job: (jobId: string) => JobRecord | undefined) => Message;
}

export function partsOf(run: Run, services: Services, process: Process): Parts {
  const { table, gates } = services;
  const dice = run.world.dice(process.name);
  const clock = clockOf(run, process);
  return {
    jobs: table.jobsFor(process),
    failures: services.failures.portFor(process),
    receipts: services.receipts.portFor(process),
    rolls: services.rolls.portFor(process),
    pricing: { region: 'us-east-1', spotFactor: 0.5 },
    recordsRunning: run.world.dice('running').happens(7 / 8),
    retentionDays: { succeeded: 90, failed: 180, cancelled: 90, expired: 90 },
    logTail: (stream) => reach(run, process, { site: 'logs.tail' }, () => [stream]),
    dependants: services.dependants.portFor(process),
    groups: services.groups.portFor(process),
    arrayItems: services.groups.itemsFor(process),
    itemObjects: services.groups.inBucket.itemsFor(process),
    manifests: services.groups.inBucket.manifestsFor(process),
    tenants: table.tenantsFor(process),
    gates: gates.gatesFor(process),
    waiting: gates.waitingFor(process),
    schedules: services.schedules.portFor(process),
    operations: services.operations.portFor(process),
    lists: table.listsFor(process),
    frontQueue: services.front.portFor(process),
    defaults,
    defaultCap: defaults.cap,
    endpoints: table.endpointsFor(process),
    deliveries: table.deliveriesFor(process),
    due: services.index.portFor(process),
    batch: pacedBatch(services.batch.portFor(process), limiterOf(run, process), clock),
    functions: services.functions.portFor(process),
    batchWaiting: services.batch.waitingFor(process),
    limiter: limiterOf(run, process),
    turns: turnsOf(run, process),
    submitQueue: services.submitQueue.portFor(process),
    deliveryQueue: services.deliveryQueue.portFor(process),
    keys: {
      open: ({ endpointId }, sealed) =>
        reach(run, process, { site: 'keys.open' }, () => secretOf(endpointId, sealed)),
    },
    sign: signedHeaders,
    batched: inTurns(run, process),
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
      functionOf: (jobType: string) => jobType,
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
    const flawed = { ...sound, ...defect };
    return { ...sound, slots: slots(flawed), carryOut: operationWorker(flawed), ...defect };
  };
  const rewritten =
    (step: Step, handle: MessageBatch): MessageBatch =>
    (messages) =>
      handle(messages.map((message) => mutant.message?.(step, message, services.table.job) ?? message));
  return {
    intake: (process) => rewritten('intake', intake(ports(process, 'intake'))),
    submit: (process) => rewritten('submit', submit(ports(process, 'submit'))),
    track: (process) => {
      const known = { types: services.typesOf(process), job: services.table.job };
      return checkingRunning(run, known, rewritten('track', track(ports(process, 'track'))));
    },
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

/** How far ahead a turn is that is booked: now and then as if ten thousand jobs and more were in front. */
const TURN_MS = [0, 30_000] as const;
const FAR_TURN_MS = [600_000, 2_400_000] as const;

function turnsOf(run: Run, process: Process): TurnBook {
  const luck = run.world.dice(`turns of ${process.name}`);
  return {
    book: (_, earliestMs) =>
      reach(run, process, { site: 'turns.book' }, () => {
        // Without tick nothing sends the message of a turn that is far ahead.
        const isFar = run.profile.tick && luck.happens(run.odds(0.2));
        run.count(isFar ? 'far turn booked' : 'turn booked');
        const [leastMs, mostMs] = isFar ? FAR_TURN_MS : TURN_MS;
        return Math.round(earliestMs + luck.between(leastMs, mostMs));
      }),
  };
}

/** What is asked at one moment is gathered until the end of a turn, which the world lets pass. */
function inTurns(run: Run, process: Process): Batched {
  return (doAll, lingerMs) => {
    const one = batched((asked: Parameters<typeof doAll>[0]) => {
      process.turning -= asked.length;
      return doAll(asked);
    }, lingerMs);
    return (asked) => {
      process.turning++;
      run.world.stir(process);
      return one(asked);
    };
  };
}
