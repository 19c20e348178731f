/** What must hold after every commit, at every call to Batch, and at every webhook. */

import { isFunctionRun } from '../../domain/executor/executor.ts';
import { isNewer } from '../../domain/job/attempt.ts';
import { parseBatchJobName } from '../../domain/job/identity.ts';
import { isFinal, type JobRecord } from '../../domain/job/job.ts';
import type { JobTypes } from '../../domain/job/job-type.ts';
import type { SubmitOutcome } from '../../io/aws/batch.ts';
import { type BatchJob, isOver } from './batch.ts';
import type { VirtualBucket } from './bucket.ts';
import { countRarities, noteCommit } from './commits.ts';
import { CLAIMABLE, type Commit, containersOf, isSame, SKEW_MS } from './container-checks.ts';
import type { Run } from './faults.ts';
import { runsOf } from './function-checks.ts';
import type { FunctionRun } from './functions.ts';
import { exceeds, type GateEvents } from './gates.ts';
import type { Process } from './world.ts';

export interface Facts {
  readonly types: JobTypes;
  readonly settleMs: number;
  readonly bucket: VirtualBucket;
  batchJob(id: string): BatchJob | undefined;
  functionRun(id: string): FunctionRun | undefined;
  job(jobId: string): JobRecord | undefined;
  /** Whether a failure of reconcile has moved its `dueAt`, beside its versions. */
  wasPostponed(jobId: string): boolean;
  /** Whether the attempt it is at has a slot. */
  holdsSlot(job: JobRecord): boolean;
  /** Until when a cancel that intake has acknowledged must still find a job of this tenant and key. */
  cancelledUntilMs(job: JobRecord): number;
  /** Whether a round of this group has ended so. */
  hadFinish(groupId: string, round: number, tally: unknown): boolean;
  /** What a final job still owes: rows of deliveries, a dead letter. */
  owes(job: JobRecord): string | undefined;
}

export interface Checks extends Omit<GateEvents, 'onWait' | 'onSpend'> {
  onCommit(process: Process, before: JobRecord | undefined, after: JobRecord): void;
  beforeSubmit(process: Process, jobName: string): void;
  denied(process: Process, jobName: string, outcome: SubmitOutcome): void;
  beforeTerminate(process: Process, job: BatchJob): void;
  beforeCancel(process: Process, job: BatchJob): void;
  /** Just before a Batch job ends because we asked for it. */
  terminated(job: BatchJob): void;
  onWebhook(webhookId: string, body: string): void;
}

interface Denial {
  readonly kind: SubmitOutcome['kind'];
  readonly atMs: number;
}

const HOLD = [...CLAIMABLE, 'cancelling'];
/** The platform is left alone for half a minute at least. */
const AWAY_MS = 30_000 - SKEW_MS;
const INTERNALS = /arn:aws|123456789012|RequestId|instance i-/;

export function checks(run: Run, facts: Facts): Checks {
  const claimants = new Map<string, string>();
  const denied = new Map<string, Denial>();
  const committed = new Set<string>();
  const bodies = new Map<string, string>();
  const finals = new Map<string, string>();

  return {
    onCommit(process, before, after) {
      committed.add(`${after.jobId} ${after.stateVersion} ${after.state}`);
      noteCommit(run, process, before, after);
      const violated = (rule: string, detail: string) =>
        run.violate(
          rule,
          `${process.name} wrote ${after.jobId} version ${after.version}: ${detail}`,
          after.jobId,
        );
      const commit = { process, before, after };
      for (const detail of everyCommit(after)) violated('R10', detail);
      if (before === undefined) {
        if (after.state !== 'cancelled' && facts.cancelledUntilMs(after) > run.world.nowMs() + SKEW_MS)
          violated('2.10', `recorded as ${after.state} after its cancel`);
        return run.count(`recorded ${after.state}`);
      }
      for (const [rule, detail] of [
        ...shapeOf(before, after, process),
        ...(facts.wasPostponed(after.jobId) ? [] : looksOf(commit, run.world.nowMs())),
        ...settlementOf(before, after, process, facts),
        ...refusalsOf(before, after, denied),
        ...pausesOf(before, after, denied, run.world.nowMs()),
        ...callsOf(before, after, (call) => denied.has(call), run.world.nowMs() + SKEW_MS, facts.settleMs),
        ...attemptsOf(before, after, facts, denied),
        ...slotsOf(before, after, facts),
        ...containersOf(commit, claimants, facts, run.world.nowMs()),
        ...runsOf(commit, facts),
      ])
        violated(rule, detail);
      countRarities(run, process, before, after);
      if (after.calls > before.calls) {
        process.opened.set(`hg-${after.jobId}-${after.attempt}`, after.calls);
      }
    },

    onEnter(process, before, added) {
      const broken = exceeds(before, added);
      if (broken !== undefined) run.violate('R7', `${process.name}: ${broken}`, added[0]?.jobId);
    },

    onLeave(process, tenantId, holders) {
      for (const holder of holders) {
        const job = facts.job(holder.jobId);
        const holds = job?.attempt === holder.attempt && HOLD.includes(job.state) && job.hasSlot === true;
        if (holds)
          run.violate(
            'R2',
            `${process.name} takes the slot of ${tenantId} from a job that is ${job.state}`,
            holder.jobId,
          );
      }
    },

    beforeSubmit(process, jobName) {
      const named = parseBatchJobName(jobName);
      const opened = process.opened.get(jobName);
      run.count('SubmitJob');
      if (opened === undefined)
        run.violate(
          'R9',
          `${process.name} calls SubmitJob ${jobName} without having opened the call`,
          named?.jobId,
        );
      process.opened.set(`made ${jobName}`, opened ?? 0);
      process.opened.delete(jobName);
    },

    denied(process, jobName, { kind }) {
      denied.set(`${jobName} ${process.opened.get(`made ${jobName}`)}`, { kind, atMs: run.world.nowMs() });
    },

    beforeTerminate(process, batchJob) {
      const job = ownedBy(facts, batchJob);
      if (job !== undefined)
        run.violate(
          'I6',
          `${process.name} terminates ${batchJob.id}, the owner of a job that is ${job.state}`,
          job.jobId,
        );
    },

    beforeCancel(process, batchJob) {
      const job = ownedBy(facts, batchJob);
      if (job === undefined) return;
      const graceMs = (facts.types.get(job.jobType)?.stuck?.afterSeconds ?? Number.POSITIVE_INFINITY) * 1000;
      const { since = Number.POSITIVE_INFINITY } = job.stuck ?? {};
      if (job.stuck === undefined)
        run.violate(
          'B1',
          `${process.name} cancels ${batchJob.id}, and no reason is on the record`,
          job.jobId,
        );
      else if (run.world.nowMs() - since < graceMs - SKEW_MS)
        run.violate('B2', `${process.name} cancels ${batchJob.id} before the grace of its type`, job.jobId);
    },

    terminated(batchJob) {
      const job = ownedBy(facts, batchJob);
      if (job !== undefined)
        run.violate(
          'I6',
          `${batchJob.id} became the owner of a job that is ${job.state} while our Terminate was on its way`,
          job.jobId,
        );
    },

    onWebhook(webhookId, body) {
      const { type, data } = JSON.parse(body);
      const violated = (rule: string, detail: string) => run.violate(rule, detail, data.jobId);
      if (INTERNALS.test(body)) violated('2.8', `a webhook tells what is the operator's alone: ${body}`);
      const isTrue =
        type === 'group.finished'
          ? facts.hadFinish(data.group, data.sequence, data.members)
          : committed.has(`${data.jobId} ${data.sequence} ${data.status}`);
      if (!isTrue)
        violated('I9', `webhook ${type} of sequence ${data.sequence} tells of a state that never was`);
      if ((bodies.get(webhookId) ?? body) !== body)
        violated(
          'I10',
          `webhook ${webhookId} (${type}) was sent with another body: ${body} after ${bodies.get(webhookId)}`,
        );
      bodies.set(webhookId, body);
      if (type === 'group.finished' || !isFinal(data.status)) return;
      const told = finals.get(data.jobId);
      if ((told ?? type) !== type) violated('I9', `two final types were told: ${told} and ${type}`);
      finals.set(data.jobId, type);
    },
  };
}

/** The job that goes on with this Batch job. */
function ownedBy(facts: Facts, { id, request }: BatchJob): JobRecord | undefined {
  const named = parseBatchJobName(request.jobName);
  const job = facts.job(named?.jobId ?? '');
  const owns = job?.runId === id || job?.claim?.runId === id;
  return owns && job.attempt === named?.attempt && CLAIMABLE.includes(job.state) ? job : undefined;
}

type Broken = [rule: string, detail: string];

function* everyCommit(job: JobRecord): Generator<string> {
  if (job.settled !== true && job.dueAt === undefined) yield 'not settled, and no dueAt';
  if (job.settled === true && !isFinal(job.state)) yield `settled while ${job.state}`;
}

const IMMUTABLE = [
  'tenantId',
  'jobType',
  'idempotencyKey',
  'fingerprint',
  'input',
  'createdAt',
  'parent',
] as const;
const ABSORBED = ['state', 'stateVersion', 'attempt', 'runId', 'result', 'failure', 'finishedAt'] as const;

/** R8 and R10, docs/developing/protocol.md: version, states, order, dueAt. */
function* shapeOf(before: JobRecord, after: JobRecord, { role }: Process): Generator<Broken> {
  if (after.version !== before.version + 1) yield ['R8', `version ${before.version} was before`];
  const turnedAway = after.waitReason === 'platform_unavailable' && after.attempt > before.attempt;
  const held = turnedAway || (after.queued === true && after.waitReason !== before.waitReason);
  const stuck = after.stuck !== undefined && after.stuck.reason !== before.stuck?.reason;
  const entered = after.state !== before.state || held || stuck;
  if (after.stateVersion !== (entered ? after.version : before.stateVersion))
    yield ['I5', `stateVersion ${after.stateVersion} in ${after.state} after ${before.state}`];
  if (isFinal(before.state)) {
    for (const field of ABSORBED)
      if (!isSame(before[field], after[field])) yield ['I4', `${field} of a final job changed`];
  }
  const forgets = before.endedAttempts.some(
    (ended, i) => 'cost' in ended && !('cost' in (after.endedAttempts[i] ?? {})),
  );
  if (forgets) yield ['I14', 'what a newer version wrote was removed'];
  for (const field of IMMUTABLE) if (!isSame(before[field], after[field])) yield ['I14', `${field} changed`];
  if (before.state === 'cancelling' && after.state !== 'cancelling' && !isFinal(after.state))
    yield ['2.10', `a job whose end was asked for became ${after.state}`];
  const same = before.attempt === after.attempt && before.runId === after.runId;
  if (same && before.order !== undefined && (after.order === undefined || isNewer(before.order, after.order)))
    yield ['I5', `order went back from ${JSON.stringify(before.order)} to ${JSON.stringify(after.order)}`];
  if (
    role !== 'tick' &&
    after.settled !== true &&
    (after.dueAt ?? 0) > (before.dueAt ?? Number.MAX_SAFE_INTEGER)
  )
    yield ['R10', `${role} moved dueAt later`];
}

/** The look of the next run begins with what is due before it. */
const AHEAD_MS = 60_000 + SKEW_MS;

/** R10: reconcile begins with a record that is due, whatever the index says. */
function* looksOf({ process, before, after }: Commit, nowMs: number): Generator<Broken> {
  if (process.role !== 'tick' || before?.dueAt === undefined) return;
  const { version: _, dueAt: __, ...rest } = after;
  const isLook = Object.entries(rest).every(([name, value]) =>
    isSame(before[name as keyof JobRecord], value),
  ); // its own names
  if (isLook && before.dueAt > nowMs + AHEAD_MS)
    yield ['R10', 'reconcile looked at a record that is not due'];
}

/** R5: settled last, by notify. */
function* settlementOf(
  before: JobRecord,
  after: JobRecord,
  { role }: Process,
  facts: Facts,
): Generator<Broken> {
  if (after.settled !== true || before.settled === true) return;
  if (role !== 'notify') yield ['R5', `settled by ${role}`];
  const owed = facts.owes(after);
  if (owed !== undefined) yield ['R5', `settled while it owes ${owed}`];
}

/** R9: one open call at a time, closed by a fact only. */
function* callsOf(
  before: JobRecord,
  after: JobRecord,
  wasDenied: (call: string) => boolean,
  nowMs: number,
  settleMs: number,
): Generator<Broken> {
  const sameAttempt = before.attempt === after.attempt;
  const name = `hg-${before.jobId}-${before.attempt}`;
  if (after.calls > before.calls + 1) yield ['R9', 'two calls opened by one write'];
  if (sameAttempt && after.calls > before.calls && before.callOpen === true)
    yield ['R9', 'a call was opened while another was open'];
  if (sameAttempt && after.calls > before.calls && before.runId !== undefined)
    yield ['R9', 'a call was opened although the attempt has a Batch job'];
  const open = before.callOpen === true && before.runId === undefined && after.runId === undefined;
  const closed = open && (after.callOpen !== true || isFinal(after.state));
  // No run may claim a job whose end was asked for.
  const settled =
    before.claimBy === undefined
      ? (before.callDeadlineAt ?? 0) + settleMs <= nowMs
      : before.state === 'cancelling' || before.claimBy <= nowMs;
  if (closed && !settled && !wasDenied(`${name} ${before.calls}`))
    yield ['R9', 'a call was called not accepted without proof'];
}

/** S10: what an operator has to put right is not booked on the job. */
function* refusalsOf(
  before: JobRecord,
  after: JobRecord,
  denied: ReadonlyMap<string, Denial>,
): Generator<Broken> {
  const answer = denied.get(`hg-${before.jobId}-${before.attempt} ${before.calls}`)?.kind;
  const entered = after.state === 'failed' && before.state !== 'failed';
  if (entered && after.failure?.code === 'batch_refused' && answer !== 'refused')
    yield ['S10', `failed as refused, and Batch said ${answer}`];
}

/** S10: the platform is left alone for half a minute at least after its refusal. */
function* pausesOf(
  before: JobRecord,
  after: JobRecord,
  denied: ReadonlyMap<string, Denial>,
  nowMs: number,
): Generator<Broken> {
  if (after.calls > before.calls && (before.nextAttemptAt ?? 0) > nowMs + SKEW_MS)
    yield ['S10', `called before the time that is on the record`];
  if (after.waitReason !== 'platform_unavailable' || before.state !== 'submitting') return;
  const deniedAtMs = denied.get(`hg-${before.jobId}-${before.attempt} ${before.calls}`)?.atMs ?? 0;
  const pauseMs = (after.nextAttemptAt ?? 0) - deniedAtMs;
  if (pauseMs < AWAY_MS) yield ['S10', `calls again ${pauseMs} ms after the platform refused`];
}

/** An attempt begins after the one before ended; its end is Batch's word. */
function* attemptsOf(
  before: JobRecord,
  after: JobRecord,
  facts: Facts,
  denied: ReadonlyMap<string, Denial>,
): Generator<Broken> {
  if (after.attempt !== before.attempt) {
    const turnedAway =
      denied.get(`hg-${before.jobId}-${before.attempt} ${before.calls}`)?.kind === 'unavailable';
    const uncalled = after.waitReason === 'platform_unavailable' && before.callOpen !== true;
    const ended = before.state === 'retrying' || (before.state === 'submitting' && turnedAway) || uncalled;
    if (after.attempt !== before.attempt + 1 || !ended)
      yield ['I8', `attempt ${after.attempt} began in ${before.state} of attempt ${before.attempt}`];
  }
  yield* budgetOf(after, facts);
  const ended =
    after.endedAttempts.length > before.endedAttempts.length ? after.endedAttempts.at(-1) : undefined;
  if (isFunctionRun(ended?.runId)) return;
  const truth = ended?.runId === undefined ? undefined : facts.batchJob(ended.runId);
  const lost = ended?.failure?.class === 'lost';
  if (ended !== undefined && !lost && (truth === undefined || !isOver(truth)))
    yield ['I6', `attempt ${ended.attempt} was ended while ${ended.runId} is ${truth?.status}`];
  if (truth !== undefined && truth.request.jobName !== `hg-${after.jobId}-${ended?.attempt}`)
    yield ['I6', `attempt ${ended?.attempt} was ended by the Batch job ${truth.request.jobName}`];
  const owner = facts.batchJob(after.runId ?? '');
  if (isFinal(after.state) && !isFinal(before.state) && !lost && owner !== undefined && !isOver(owner))
    yield ['I6', `${after.state} while its ${owner.id} is ${owner.status}`];
  if (after.state === 'retrying' && before.state !== 'retrying' && ended === undefined)
    yield ['I8', 'retrying without an ended attempt'];
  if (after.state !== 'succeeded' || before.state === 'succeeded') return;
  if (truth?.status !== 'SUCCEEDED') yield ['I6', `succeeded while ${ended?.runId} is ${truth?.status}`];
  if (facts.types.get(after.jobType)?.promisesResult !== true) return;
  if (after.result === undefined || after.claim?.runId !== ended?.runId)
    yield ['I7', 'succeeded without a result of the claim holder'];
}

/** Each class of failure has its own budget, and reclaims are outside of the job's. */
function* budgetOf({ endedAttempts, jobType }: JobRecord, { types }: Facts): Generator<Broken> {
  const { maxAttempts, maxAttemptsOf } = types.get(jobType)?.retry ?? { maxAttempts: 1 };
  const classes = endedAttempts.map(({ failure }) => failure?.class);
  const own = classes.filter((cls) => cls !== 'spot_reclaimed');
  if (own.length > maxAttempts) yield ['I8', `${own.length} attempts have ended, more than the budget`];
  for (const [cls, most] of Object.entries({ spot_reclaimed: 10, ...maxAttemptsOf })) {
    const count = classes.filter((each) => each === cls).length;
    if (count > most) yield ['I8', `${count} attempts have ended by ${cls}, more than ${most}`];
  }
}

/** A job that says it holds a slot holds one, from before its first call until it is over. */
function* slotsOf(before: JobRecord, after: JobRecord, facts: Facts): Generator<Broken> {
  const began = after.hasSlot === true && (before.hasSlot !== true || before.attempt !== after.attempt);
  if (began && !facts.holdsSlot(after)) yield ['R1', `${after.state} with a slot that it does not have`];
  if (after.hasSlot !== true && before.hasSlot === true && after.attempt === before.attempt)
    yield ['R1', 'forgot that it holds a slot'];
}
