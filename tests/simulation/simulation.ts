/** One seed, one world: faults, then rest, then the audit. */

import { endedByAnother, type JobRecord } from '../../domain/job/job.ts';
import { hasNoInput } from '../../domain/request/array-line.ts';
import { wants } from '../../domain/webhook/endpoint.ts';
import { subjectOf, WEBHOOK_EVENTS } from '../../domain/webhook/notification.ts';
import type { Message, MessageBatch } from '../../io/aws/lambda.ts';
import type { Queue } from '../../io/aws/queues.ts';
import { audit } from './audit.ts';
import { virtualBatch } from './batch.ts';
import { virtualBucket } from './bucket.ts';
import { bulk } from './bulk.ts';
import { cancels } from './cancels.ts';
import { checks } from './checks.ts';
import { rolledBack } from './closures.ts';
import { containers } from './containers.ts';
import { crowd } from './crowds.ts';
import { virtualDependants } from './dependants.ts';
import { door } from './door.ts';
import { virtualDueIndex } from './due.ts';
import { virtualFailures } from './failures.ts';
import { failInside, type Line, newRun, type Run, reach } from './faults.ts';
import { virtualFunctions } from './functions.ts';
import { virtualGates } from './gates.ts';
import { graphChecks } from './graph-checks.ts';
import { graphs } from './graphs.ts';
import { groupChecks } from './group-checks.ts';
import { virtualGroups } from './groups.ts';
import { type FaultKind, profileOf, withStrengths } from './kinds.ts';
import { lambdas, type Mutant, partsOf, SETTLE_MS, type Services } from './lambdas.ts';
import { rotation } from './lasting.ts';
import { virtualOperations } from './operations.ts';
import { owners } from './owners.ts';
import { accountsOf, endpointsOf, givenUp, people, simulatedTypes } from './people.ts';
import { FAULTS_END_MS, type Profile, type ProfileName } from './profiles.ts';
import { jobOf, type VirtualQueue, virtualQueue } from './queues.ts';
import { virtualReceipts } from './receipts.ts';
import { receiver } from './receivers.ts';
import { virtualRolls } from './rolls.ts';
import { scheduleChecks } from './schedule-checks.ts';
import { virtualSchedules } from './schedules.ts';
import { virtualTable } from './table.ts';
import { thief } from './thief.ts';
import { everyMinute } from './ticks.ts';
import { plant } from './unreadable.ts';
import { watchWaits } from './waits.ts';
import { virtualWorkerApi } from './worker-api.ts';
import { type Process, START_MS, world } from './world.ts';

export interface Outcome {
  readonly profile: ProfileName;
  readonly seed: number;
  readonly violations: readonly string[];
  readonly sometimes: ReadonlyMap<string, number>;
  readonly injected: ReadonlyMap<FaultKind, number>;
  readonly steps: number;
  /** All of it; empty unless asked for. */
  readonly history: readonly Line[];
  readonly blamed: string | undefined;
}

export interface Options extends Limits {
  readonly mutant?: Mutant | undefined;
  readonly keepHistory?: boolean;
}

/** A smaller world of the same seed, to find out what a failure needs. */
export interface Limits {
  /** The numbers of the jobs that are sent. */
  readonly jobs?: readonly number[] | undefined;
  /** Kinds of fault that are off. */
  readonly without?: readonly FaultKind[] | undefined;
  /** When the faults end, counted from the start. */
  readonly faultsEndMs?: number | undefined;
}

/** The longest wait in a world at rest: three looks at a forgotten Batch job, twenty minutes apart, for each attempt. */
const END_MS = FAULTS_END_MS + 24 * 3_600_000;

export async function simulate(profile: ProfileName, seed: number, options: Options = {}): Promise<Outcome> {
  const { mutant = {}, keepHistory = false, jobs, without = [], faultsEndMs = FAULTS_END_MS } = options;
  const run = newRun({
    world: world(seed),
    profile: lacking(profileOf(profile, seed), without),
    keepHistory,
    faultsEndMs,
  });
  const rest = build(run, mutant, jobs);
  const violated = () => run.violations.length > 0;
  const atRest = () => run.world.isQuiet() && rest.nextDueMs() === Number.MAX_SAFE_INTEGER;
  await run.world.run(START_MS + END_MS, () => violated() || atRest());
  if (!violated()) audit(run, rest);
  if (!violated()) rest.scheduled.audit(rest.letterBodies);
  if (!violated()) rest.auditGroups();
  if (!violated()) rest.failures.audit(rest.table.records());
  if (!violated()) rest.receipts.audit(rest.table.records());
  if (!violated()) await sweepAgain(run, rest);
  return {
    profile,
    seed,
    violations: run.violations,
    sometimes: run.sometimes,
    injected: run.injected,
    steps: run.world.steps(),
    history: run.history ?? [],
    blamed: run.blamed,
  };
}

function lacking(profile: Profile, without: readonly FaultKind[]): Profile {
  return without.length === 0
    ? profile
    : withStrengths(profile, (kind, now) => (without.includes(kind) ? 0 : now));
}

/** I20: at rest there is nothing left to repair. */
async function sweepAgain(run: Run, { table, steps }: ReturnType<typeof build>): Promise<void> {
  const versions = () => JSON.stringify(table.records().map(({ jobId, version }) => [jobId, version]));
  const before = versions();
  // As a step of the world: nothing runs in one that is quiet, and the tick would only begin after the look at it.
  run.world.after(0, () => {
    const process = run.process('tick');
    run.world.stir(process);
    void steps.tick(process)();
  });
  const rested = () => run.violations.length > 0 || run.world.isQuiet();
  await run.world.run(Number.MAX_SAFE_INTEGER, rested);
  if (versions() !== before) run.violate('I20', 'a tick over a world at rest changed something');
}

function build(run: Run, mutant: Mutant, jobs: Limits['jobs']) {
  const { profile } = run;
  const types = simulatedTypes(profile.tick);
  const endpoints = endpointsOf(run);
  // The rule lets more pass. Notify would only find that no endpoint wants these, in a tenth of a world's time.
  const wanted: ReadonlySet<string> = new Set(
    WEBHOOK_EVENTS.filter((type) => endpoints.some((endpoint) => wants(endpoint, type))),
  );
  const bucket = virtualBucket(run, mutant.overwritesObjects === true);
  const letters: Message[] = [];
  const failed = {
    has: (jobId: string) => letters.some((letter) => letter.attributes['deadLetterOf'] === jobId),
  };
  const lost = (name: string) => virtualQueue(run, name, () => undefined);
  const [submitQueue, events, notifyQueue] = [lost('submit'), lost('events'), lost('notify')] as const;
  const failedRuns = lost('failed runs');
  const deliveryQueue = lost('deliver');
  const front = virtualQueue(run, 'front', (message) => letters.push(message));

  const check = checks(run, {
    types,
    settleMs: SETTLE_MS,
    bucket,
    batchJob: (id) => batch.jobs.get(id),
    functionRun: (id) => functions.runs.get(id),
    job: (jobId) => table.job(jobId),
    wasPostponed: (jobId) => table.wasPostponed(jobId),
    holdsSlot: (job) => gates.holdsSlot(job.tenantId, job),
    cancelledUntilMs: (job) => cancelled.untilMs(job),
    hadFinish: (groupId, round, tally) => groupCheck.hadFinish(groupId, round, tally),
    owes: ({ jobId, tenantId, state }) => {
      const rows = [...table.deliveries.values()].filter(
        (row) => row.jobId === jobId && row.eventType === `job.${state}`,
      );
      const untold = endpoints.find(
        (endpoint) =>
          endpoint.tenantId === tenantId &&
          wants(endpoint, `job.${state}`) &&
          !rows.some(({ endpointId }) => endpointId === endpoint.endpointId),
      );
      const job = table.job(jobId) ?? {};
      if (state === 'failed' && !endedByAnother(job) && !hasNoInput(job) && !failed.has(jobId))
        return 'its dead letter';
      return untold && `a row for ${untold.endpointId}`;
    },
  });
  const index = virtualDueIndex(run);
  const onWait = watchWaits(
    run,
    () => gates,
    (jobId) => table.job(jobId),
  );
  const gates = virtualGates(run, index, {
    ...check,
    onEnter: (...entered) => void [check, groupCheck].map(({ onEnter }) => onEnter(...entered)),
    onWait,
    onSpend: (...noted) => receipts.checkSum(...noted),
  });
  const accounts = accountsOf(run);
  const table = virtualTable(run, { index, accounts, endpoints }, (...commit) => {
    check.onCommit(...commit);
    graphCheck(...commit);
    groupCheck.onCommit(...commit);
    const [process, before, after] = commit;
    if (before === undefined && table.isOnRoll(after.jobId)) rolls.checkRecorded(process, after);
    if (before === undefined) table.rosters.checkRecorded(process, after);
  });
  const rolls = virtualRolls(run, index, table);
  const graphCheck = graphChecks(run, {
    found: (jobId) => table.found(jobId),
    whole: (job) => table.whole(job),
    wasTombstoned: (jobId) => table.wasTombstoned(jobId),
    group: ({ tenantId, groupId }) =>
      groups.all().find((group) => group.tenantId === tenantId && group.groupId === groupId),
    membersOf: (name) => groups.membersOf(name),
  });
  const groupCheck = groupChecks(run, {
    groups: () => groups,
    job: (jobId) => table.job(jobId),
    wasTombstoned: (jobId) => table.wasTombstoned(jobId),
    deliveries: () => [...table.deliveries.values()],
  });
  const groups = virtualGroups(run, index, groupCheck.onWrite);
  const cancelled = cancels(run, table.job);
  const scheduled = scheduleChecks(run, { job: table.job, asked: cancelled.asked });
  const failures = virtualFailures(run, table.job);
  const receipts = virtualReceipts(run);
  const schedules = virtualSchedules(run, index, scheduled.onWrite);
  const operations = virtualOperations(run, index, (operation) => inBulk.onEnd(operation));
  const workerApi = virtualWorkerApi(run, {
    types,
    bucket,
    batch: () => batch,
    portsOf: (process) => {
      const sound = partsOf(run, services, process);
      const { bus, submitQueue, random, pricing } = sound;
      const { jobs } = { ...sound, ...mutant.defects?.workerApi?.(sound, process) };
      return { jobs, bus, submitQueue, random, pricing };
    },
    defectsOf: mutant.workerApi,
  });
  const inside = { types, bucket, sendFor: workerApi.sendFor, job: (jobId: string) => table.job(jobId) };
  const functions = virtualFunctions(run, inside, {
    ...check,
    failed: (record) => onBus(run, failedRuns, record, 'events'),
  });
  const batch = virtualBatch(run, {
    ...check,
    start: containers(run, inside),
    accepted: thief(run, { send: workerApi.sendFor, job: (jobId) => table.job(jobId) }),
    stateChange: (detail) => onBus(run, events, wrapped(detail), 'events'),
    blocked: (detail) => onBus(run, events, wrapped(detail, 'Batch Job Queue Blocked'), 'events'),
  });
  const dependants = virtualDependants(run, mutant.overwritesDependants === true);
  const services: Services = {
    table,
    dependants,
    groups,
    gates,
    failures,
    receipts,
    rolls,
    schedules,
    operations,
    index,
    batch,
    functions,
    types,
    typesOf: rolledBack(run, types),
    front,
    submitQueue,
    deliveryQueue,
    deadLettersFor: (process) => deadLetterQueue(run, process, letters),
    busFor: (process) => ({
      publish: async (published) => {
        const [first] = published;
        if (first === undefined) return;
        await reach(run, process, { site: 'bus.publish', jobId: subjectOf(first) }, () => {
          for (const event of published) {
            failInside(run, 'bus.publish');
            if (wanted.has(event.type)) onBus(run, notifyQueue, JSON.stringify({ detail: event }), 'bus');
          }
        });
      },
    }),
    webhooksFor: (process) =>
      receiver(run, process, { endpoints, keyOf, gone, notified, onWebhook: check.onWebhook }),
  };
  const notified = new Set<string>();
  const gone = givenUp(run, endpoints);
  const keyOf = rotation(run, endpoints, table.changeEndpoint);
  plant(run, index, { submitQueue, deliveryQueue });

  const steps = lambdas(run, services, mutant);
  // Deployed it is minutes. The less, the more handlers of one message at once, and the more messages that are buried.
  const visibilityMs = run.faults.pick([15_000, 60_000, 180_000]);
  front.feeds({ role: 'intake', visibilityMs, handle: (process) => cancelled.watch(steps.intake(process)) });
  submitQueue.feeds({ role: 'submit', visibilityMs, handle: steps.submit });
  events.feeds({ role: 'track', visibilityMs, handle: steps.track });
  failedRuns.feeds({ role: 'worker-api', visibilityMs, handle: rewritten(workerApi.failedRuns) });
  notifyQueue.feeds({ role: 'notify', visibilityMs, handle: steps.notify });
  deliveryQueue.feeds({ role: 'deliver', visibilityMs, handle: steps.deliver });
  const nextDueMs = () =>
    Math.min(
      table.nextDueMs(),
      rolls.nextDueMs(),
      gates.nextDueMs(),
      schedules.nextDueMs(),
      operations.nextDueMs(),
      groups.nextDueMs(),
      index.nextMs(),
    );
  if (profile.tick) everyMinute(run, index.nextMs, steps.tick);
  const flawed = (who: 'owner' | 'door' | 'operator') => (process: Process) => {
    const sound = partsOf(run, services, process);
    return { ...sound, ...mutant.defects?.[who]?.(sound, process) };
  };
  const answered = new Set<string>();
  const api = door(run, {
    portsFor: flawed('door'),
    job: table.job,
    cancelled,
    answered: (jobId) => answered.add(jobId),
  });
  const asked = people(run, { front, door: api, letters, gates, submitQueue, plant: table.plant }, jobs);
  const asNodes = graphs(run, { front, records: table.records, portsFor: flawed('owner') });
  const asMembers = crowd(run, front, groups.inBucket.objects);
  owners(run, flawed('owner'));
  const inBulk = bulk(run, {
    portsFor: flawed('operator'),
    job: table.job,
    records: table.records,
    failures: failures.all,
    cancelled,
  });
  const queues = [front, submitQueue, events, failedRuns, notifyQueue, deliveryQueue];
  return {
    table,
    gates,
    batch,
    bucket,
    failures,
    receipts,
    scheduled,
    operations,
    queues,
    notified,
    letters: failed,
    letterBodies: letters,
    ...asked,
    answered,
    /** Both are filled while the world runs. */
    sent: [asked.expected, asNodes],
    cancelled,
    isGroupCancelled: ({ tenantId, group }: JobRecord) =>
      groups
        .all()
        .some(
          (each) => each.tenantId === tenantId && each.groupId === group && each.cancelledAt !== undefined,
        ),
    auditGroups: () => groupCheck.audit(asMembers, table.endpoints(), notified),
    steps,
    nextDueMs,
  };

  function rewritten(handle: (process: Process) => MessageBatch): (process: Process) => MessageBatch {
    return (process) => (messages) =>
      handle(process)(
        messages.map((message) => mutant.message?.('workerApi', message, table.job) ?? message),
      );
  }

  function wrapped(detail: unknown, type = 'Batch Job State Change'): string {
    return JSON.stringify({ source: 'aws.batch', 'detail-type': type, detail });
  }
}

/** EventBridge: once in most cases, and now and then never, twice, or hours later. */
function onBus(run: Run, target: VirtualQueue, body: string, which: 'bus' | 'events'): void {
  const { world, faults } = run;
  if (run.strikes(`${which}.drop`, faults)) {
    run.count(`${which}: event lost`);
    run.note(
      which,
      () => `loses ${body.slice(0, 160)}`,
      () => jobOf(body),
    );
    return;
  }
  const deliver = () => {
    const late = run.strikes(`${which}.late`, faults);
    const lateMs = faults.happens(0.1) ? 3 * 3_600_000 : 600_000;
    world.after(late ? faults.between(0, lateMs) : faults.between(10, 800), () => target.accept({ body }));
  };
  deliver();
  if (run.strikes(`${which}.duplicate`, faults)) deliver();
}

function deadLetterQueue(run: Run, process: Process, letters: Message[]): Queue {
  return {
    async send(messages) {
      if (messages.length === 0) return;
      await reach(run, process, { site: 'deadLetters.send' }, () => {
        failInside(run, 'deadLetters.send');
        for (const { body, attributes = {} } of messages)
          letters.push({ id: `letter-${letters.length + 1}`, body, attributes });
      });
    },
  };
}
