/** AWS Batch: jobs with their own tries, events, a listing that lags, endings that take their time, and a short memory. */
import { classifyRefusal } from '../../domain/batch/refusal.ts';
import type { BatchJobDetail } from '../../domain/batch/report.ts';
import type { SubmitRequest } from '../../domain/batch/submission.ts';
import type { BatchPort, SubmitOutcome } from '../../io/aws/batch.ts';
import type { BatchWaiting } from '../../io/aws/batch-waiting.ts';
import { closures } from './closures.ts';
import { CallFailed, type Run, reach } from './faults.ts';
import type { Process } from './world.ts';

export interface BatchJob {
  readonly id: string;
  readonly request: SubmitRequest;
  readonly listedAtMs: number;
  status: 'SUBMITTED' | 'RUNNABLE' | 'STARTING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'FORGOTTEN';
  statusReason?: string;
  exitCode?: number;
  terminated?: boolean;
  startedAt?: number;
  stoppedAt?: number;
  /** Ended tries; Batch lists a try once it has ended. */
  tries: number;
  container?: StartedContainer;
}

export interface StartedContainer {
  readonly process: Process;
  readonly ending: AbortController;
}

export interface BatchEvents {
  stateChange(detail: BatchJobDetail): void;
  /** AWS Batch says that this job blocks its queue. */
  blocked(detail: BatchJobDetail): void;
  /** Before a call: is this process allowed to make it? */
  beforeSubmit(process: Process, jobName: string): void;
  denied(process: Process, jobName: string, outcome: SubmitOutcome): void;
  beforeTerminate(process: Process, job: BatchJob): void;
  /** Before the end of one that waits is asked for. */
  beforeCancel(process: Process, job: BatchJob): void;
  /** Just before a Batch job ends because we asked for it. */
  terminated(job: BatchJob): void;
  /** A Batch job was accepted: everything in its request can be read by others. */
  accepted(job: BatchJob): void;
  /** Runs the container of a try. `end` is called at most once, with its exit code, or none when its host is gone. */
  start(job: BatchJob, tryNumber: number, end: (exitCode?: number) => void): StartedContainer;
}

export interface VirtualBatch {
  readonly jobs: ReadonlyMap<string, BatchJob>;
  portFor(process: Process): BatchPort;
  waitingFor(process: Process): BatchWaiting;
}

const MAX_TRIES = 2;
const answers: Readonly<Record<'throttled' | 'refused', SubmitOutcome>> = {
  throttled: { kind: 'not_accepted', why: 'TooManyRequestsException' },
  refused: classifyRefusal({
    name: 'ClientException',
    status: 400,
    message: 'Job size must be less than 30 KiB, got 47 KiB',
  }),
};

export const ticketOf = ({ containerOverrides: { environment } }: SubmitRequest): string =>
  environment.find(({ name }) => name === 'HEADGATE_TICKET')?.value ?? '';

export const isOver = ({ status }: BatchJob): boolean =>
  ['SUCCEEDED', 'FAILED', 'FORGOTTEN'].includes(status);

export function virtualBatch(run: Run, events: BatchEvents): VirtualBatch {
  const { world, profile } = run;
  const luck = world.dice('batch');
  const jobs = new Map<string, BatchJob>();
  const closed = closures(run);

  const move = (job: BatchJob, status: BatchJob['status']) => {
    job.status = status;
    run.note('batch', () => `${job.id} is ${status} (tries ${job.tries})`, job.request.parameters['jobId']);
    events.stateChange(detailOf(job));
  };
  const toRunnable = (job: BatchJob, tryNumber: number) => {
    if (isOver(job)) return;
    if (run.strikes('batch.oddStatus', luck)) events.stateChange({ ...detailOf(job), status: 'HELD' });
    const isStuck = run.strikes('batch.stuck', luck);
    if (isStuck) job.statusReason = 'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - no room';
    move(job, 'RUNNABLE');
    if (isStuck && luck.happens(0.5))
      world.after(luck.between(0, 600_000), () => events.blocked(detailOf(job)));
    const step = (from: BatchJob['status'], delayMs: number, next: () => void) =>
      world.after(delayMs, () => {
        if (job.status === from && job.tries === tryNumber - 1) next();
      });
    // Some get a machine in the end, while reconcile makes up its mind.
    const waitMs = isStuck
      ? luck.between(1_200_000, 7_200_000)
      : luck.between(100, luck.happens(0.1) ? 120_000 : 4000);
    step('RUNNABLE', waitMs, () => {
      delete job.statusReason;
      move(job, 'STARTING');
      step('STARTING', luck.between(100, 15_000), () => run_(job, tryNumber));
    });
  };

  const run_ = (job: BatchJob, tryNumber: number) => {
    job.startedAt = world.nowMs();
    job.container = events.start(job, tryNumber, (exitCode) => ended(job, tryNumber, exitCode));
    move(job, 'RUNNING');
    const seconds = job.request.timeout.attemptDurationSeconds;
    world.after(seconds * 1000, () => {
      if (job.status !== 'RUNNING' || job.tries !== tryNumber - 1) return;
      run.count('attempt timed out');
      stop(job, 'Job attempt duration exceeded timeout');
    });
    if (run.strikes('batch.partition', luck)) {
      // Often before the container has claimed: then it claims after Batch has begun another try.
      const cutOffMs = luck.between(0, luck.pick([0, 10_000, 10_000, 120_000]));
      world.after(luck.happens(0.5) ? luck.between(1, 80) : luck.between(80, 60_000), () => {
        if (job.status !== 'RUNNING' || job.tries !== tryNumber - 1) return;
        run.count('host given up, container alive');
        if (job.container !== undefined) job.container.process.cutOffUntilMs = world.nowMs() + cutOffMs;
        hostLost(job);
      });
    }
  };

  const ended = (job: BatchJob, tryNumber: number, exitCode: number | undefined) => {
    if (job.status !== 'RUNNING' || job.tries !== tryNumber - 1) return;
    if (exitCode === undefined) return hostLost(job);
    job.tries++;
    job.exitCode = exitCode;
    job.stoppedAt = world.nowMs();
    job.statusReason = 'Essential container in task exited';
    move(job, exitCode === 0 ? 'SUCCEEDED' : 'FAILED');
  };
  const hostLost = (job: BatchJob) => {
    job.tries++;
    if (job.tries < MAX_TRIES) {
      run.count('second try of a Batch job');
      return toRunnable(job, job.tries + 1);
    }
    job.statusReason = 'Host EC2 (instance i-0) terminated.';
    job.stoppedAt = world.nowMs();
    move(job, 'FAILED');
  };

  /** SIGTERM, some seconds, SIGKILL: the container may say something in between. */
  const stop = (job: BatchJob, reason: string) => {
    if (job.container !== undefined) {
      world.stir(job.container.process);
      job.container.ending.abort();
    }
    world.after(luck.between(0, 30_000), () => {
      if (isOver(job)) return;
      if (job.container !== undefined) world.kill(job.container.process);
      if (job.status === 'RUNNING') job.tries++;
      job.statusReason = reason;
      job.terminated = true;
      job.stoppedAt = world.nowMs();
      move(job, 'FAILED');
    });
  };

  const accept = (request: SubmitRequest): BatchJob => {
    const id = `ba7c0000-0000-4000-8000-${String(jobs.size + 1).padStart(12, '0')}`;
    const listedAtMs = world.nowMs() + luck.between(0, run.odds(1) > 0 ? profile.batch.listLagMs : 500);
    const job: BatchJob = { id, request, listedAtMs, status: 'SUBMITTED', tries: 0 };
    if ([...jobs.values()].some((other) => other.request.jobName === request.jobName))
      run.count('second Batch job of one attempt');
    jobs.set(id, job);
    events.accepted(job);
    run.note('batch', () => `${id} accepted as ${request.jobName}`, request.parameters['jobId']);
    world.after(luck.between(10, 2000), () => toRunnable(job, 1));
    if (run.strikes('batch.forget', luck)) {
      world.after(luck.between(1000, 120_000), () => forget(job));
    }
    if (run.strikes('people.endByHand', luck))
      world.after(luck.between(1000, 60_000), () =>
        stop(job, 'arn:aws:iam::123456789012:user/ops ended it by hand'),
      );
    return job;
  };
  const forget = (job: BatchJob) => {
    if (isOver(job)) return;
    run.count('Batch job forgotten');
    run.note('batch', () => `${job.id} forgotten`, job.request.parameters['jobId']);
    job.status = 'FORGOTTEN';
    if (job.container !== undefined && luck.happens(0.5)) world.kill(job.container.process);
  };

  const submit = async (process: Process, request: SubmitRequest): Promise<SubmitOutcome> => {
    events.beforeSubmit(process, request.jobName);
    const site = {
      site: 'batch.submit',
      jobId: request.parameters['jobId'],
      never: ['again', 'ghost'] as const,
    };
    const fate = fateOf();
    if (fate !== 'accepted') run.note('batch', () => `SubmitJob ${fate}`, site.jobId);
    try {
      return await reach(run, process, site, () => {
        const no = fate === 'throttled' || fate === 'refused' ? answers[fate] : closed(request);
        if (no !== undefined) {
          events.denied(process, request.jobName, no);
          return no;
        }
        if (fate === 'late') world.after(luck.between(1000, 90_000), () => accept(request));
        if (fate === 'never' || fate === 'late') throw new CallFailed('batch.submit');
        const { id } = accept(request);
        if (fate === 'lost') throw new CallFailed('batch.submit');
        return { kind: 'accepted', runId: id };
      });
    } catch {
      return { kind: 'unknown', why: 'TimeoutError' };
    }
  };
  const fateOf = () => {
    let left = luck.fraction();
    for (const fate of ['late', 'lost', 'never', 'throttled', 'refused'] as const) {
      left -= run.odds(profile.submit[fate]);
      if (left >= 0) continue;
      run.struck(`submit.${fate}`);
      return fate;
    }
    return 'accepted';
  };

  return {
    jobs,
    waitingFor: (process) => ({
      describeQueue: (name) =>
        reach(run, process, { site: 'batch.describeQueue' }, () => ({
          name,
          state: 'ENABLED',
          status: 'VALID',
          environments: [{ name: 'fargate', state: 'ENABLED', status: 'VALID', maxVcpus: 16 }],
        })),
      cancelWaiting: (id, reason) =>
        reach(run, process, { site: 'batch.cancelWaiting' }, () => {
          const job = jobs.get(id);
          if (job === undefined || isOver(job)) return;
          run.note(process.name, () => `cancels ${id}: ${reason}`, job.request.parameters['jobId']);
          events.beforeCancel(process, job);
          world.after(luck.between(50, 2000), () => {
            if (job.status !== 'SUBMITTED' && job.status !== 'RUNNABLE') return;
            run.count('stuck Batch job ended');
            job.statusReason = reason;
            job.stoppedAt = world.nowMs();
            move(job, 'FAILED');
          });
        }),
    }),
    portFor: (process) => ({
      submit: (request) => submit(process, request),
      listByName: (jobQueue, name) =>
        reach(run, process, { site: 'batch.listByName' }, () =>
          [...jobs.values()]
            .filter(({ request }) => request.jobName === name && request.jobQueue === jobQueue)
            .filter((job) => job.listedAtMs <= world.nowMs() && job.status !== 'FORGOTTEN')
            .map(({ id }) => id)
            .reverse(),
        ),
      describe: (ids) =>
        reach(run, process, { site: 'batch.describe' }, () => {
          const known = ids.flatMap((id) => jobs.get(id) ?? []);
          const told = known.filter(
            ({ status }) => status !== 'FORGOTTEN' && !run.strikes('batch.describeGap', luck),
          );
          return new Map(told.map((job) => [job.id, detailOf(job)]));
        }),
      terminate: (id, reason) =>
        reach(run, process, { site: 'batch.terminate' }, () => {
          const job = jobs.get(id);
          if (job === undefined || isOver(job)) return;
          run.note(process.name, () => `terminates ${id}: ${reason}`, job.request.parameters['jobId']);
          events.beforeTerminate(process, job);
          world.after(luck.between(50, run.odds(1) > 0 ? profile.batch.terminateMs : 2000), () => {
            if (isOver(job)) return;
            events.terminated(job);
            stop(job, reason);
          });
        }),
    }),
  };
}

function detailOf(job: BatchJob): BatchJobDetail {
  const { id, request, status, statusReason, startedAt, stoppedAt, terminated, exitCode } = job;
  return {
    jobId: id,
    jobName: request.jobName,
    jobQueue: request.jobQueue,
    status,
    statusReason,
    startedAt,
    stoppedAt,
    isTerminated: terminated,
    attempts: Array.from({ length: job.tries }, () => ({ container: {} })),
    container: { exitCode, logStreamName: `worker/default/${id}` },
    tags: { ...request.tags },
  };
}
