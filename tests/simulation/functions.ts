/** Lambda as an executor: events that come twice, late or never, runs that crash and hang, and records of what failed. */

import type { RunRequest } from '../../domain/batch/submission.ts';
import { functionRunId, functionSeconds } from '../../domain/executor/executor.ts';
import { batchJobName } from '../../domain/job/identity.ts';
import { parseTicket } from '../../domain/worker/tokens.ts';
import type { SubmitOutcome } from '../../io/aws/batch.ts';
import type { FunctionsPort } from '../../io/aws/functions.ts';
import { OutOfTime } from '../../worker/run.ts';
import { type ContainerServices, work } from './containers.ts';
import { CallFailed, type Run, reach } from './faults.ts';
import { simulatedNonce } from './worker-api.ts';
import type { Process } from './world.ts';

/** One event; each of its deliveries is a process. */
export interface FunctionRun {
  readonly id: string;
  readonly jobId: string;
  readonly attempt: number;
  readonly request: RunRequest;
  readonly deliveries: Process[];
  /** How many of them have died at work. */
  crashes: number;
}

export interface FunctionEvents {
  /** Before a call: is this process allowed to make it? */
  beforeSubmit(process: Process, name: string): void;
  denied(process: Process, name: string, outcome: SubmitOutcome): void;
  /** Lambda gives up on an event, and leaves a record of it. */
  failed(record: string): void;
}

export interface VirtualFunctions {
  readonly runs: ReadonlyMap<string, FunctionRun>;
  portFor(process: Process): FunctionsPort;
}

const FORGED = 'x'.repeat(43);
const MAX_AGE_MS = 120_000;
const THROTTLED: SubmitOutcome = { kind: 'not_accepted', why: 'TooManyRequestsException' };

export function virtualFunctions(
  run: Run,
  services: ContainerServices,
  events: FunctionEvents,
): VirtualFunctions {
  const { world, profile } = run;
  const luck = world.dice('functions');
  const runs = new Map<string, FunctionRun>();

  const record = (one: FunctionRun, condition: string, errorType?: string) => {
    run.note('lambda', () => `gives ${one.id} up: ${errorType ?? condition}`, one.jobId);
    events.failed(
      JSON.stringify({
        requestContext: { requestId: one.id.replace('lambda:', ''), condition },
        requestPayload: one.request.payload,
        ...(errorType === undefined ? {} : { responsePayload: { errorType, errorMessage: 'It failed' } }),
      }),
    );
  };

  const deliver = (one: FunctionRun) => {
    const { nonce, hash } = simulatedNonce(`${one.id.slice(7)}-${one.deliveries.length}`);
    const me = { runId: one.id, try: 1, attempt: one.attempt, nonce: hash };
    const process = run.process('container', me);
    one.deliveries.push(process);
    run.note(process.name, () => `begins as ${one.id}`, one.jobId);
    let errorType = 'Runtime.ExitError';
    process.onDeath = () => {
      run.note(process.name, () => 'dies', one.jobId);
      one.crashes++;
      world.after(luck.between(100, 5000), () => record(one, 'RetriesExhausted', errorType));
    };
    const hangs = run.strikes('functions.hangs', luck);
    const ending = new AbortController();
    const { ticket, timeoutSeconds } = one.request.payload;
    if (!hangs)
      world.after(timeoutSeconds * 1000, () => {
        world.stir(process);
        ending.abort(new OutOfTime('The time is over'));
      });
    const limitSeconds = functionSeconds(services.types.get(one.request.functionName) ?? {});
    world.after(limitSeconds * 1000, () => {
      if (process.alive) run.count('run ended by Lambda');
      errorType = 'Sandbox.Timedout';
      world.kill(process);
    });
    const overruns = hangs || run.strikes('work.overruns', luck);
    const workMs = overruns ? 2_000_000 : luck.between(200, luck.happens(0.5) ? 5000 : 60_000);
    if (run.strikes('functions.crashes', luck))
      world.after(luck.between(0, luck.pick([50, workMs])), () => world.kill(process));
    const assignment = { ticket, runId: one.id, try: 1, nonce };
    work(run, services, process, {
      jobId: one.jobId,
      workMs,
      rewrites: run.strikes('work.rewrites', luck),
      assignment,
      signal: ending.signal,
    })
      .catch(() => record(one, 'RetriesExhausted', 'Error'))
      .finally(() => {
        // What has ended is not killed any more, and leaves no record.
        delete process.onDeath;
        process.alive = false;
      });
  };

  /** A function may send to that queue, and so may a program that has taken one over: here about a job that is not its own. */
  const forge = (one: FunctionRun) => {
    const payload = { ...one.request.payload, ticket: one.request.payload.ticket.replace(/[^.]+$/, FORGED) };
    world.after(luck.between(100, 60_000), () =>
      record({ ...one, request: { ...one.request, payload } }, 'RetriesExhausted', 'Runtime.ExitError'),
    );
  };

  const accept = (request: RunRequest, jobId: string, attempt: number): FunctionRun => {
    const id = functionRunId(`f0000000-0000-4000-8000-${String(runs.size + 1).padStart(12, '0')}`);
    const one: FunctionRun = { id, jobId, attempt, request, deliveries: [], crashes: 0 };
    runs.set(id, one);
    run.note('lambda', () => `${id} accepted for attempt ${attempt}`, jobId);
    if ([...runs.values()].filter((other) => other.jobId === jobId && other.attempt === attempt).length > 1)
      run.count('second event of one attempt');
    if (run.strikes('functions.lost', luck)) return one;
    if (run.strikes('people.thief', luck)) forge(one);
    const arrive = () => {
      const isLate = run.strikes('functions.late', luck);
      // Some about when the time for the claim is over.
      const lateMs = isLate
        ? luck.pick([luck.between(1500, 130_000), luck.between(270_000, 380_000)])
        : luck.between(20, 1500);
      const isExpired = lateMs > MAX_AGE_MS && luck.happens(0.5);
      world.after(isExpired ? MAX_AGE_MS : lateMs, () =>
        isExpired ? record(one, 'EventAgeExceeded') : deliver(one),
      );
    };
    arrive();
    if (run.strikes('functions.doubled', luck)) {
      run.count('event delivered twice');
      arrive();
    }
    return one;
  };

  const start = async (process: Process, request: RunRequest): Promise<SubmitOutcome> => {
    const { jobId = '', attempt = 0 } = parseTicket(request.payload.ticket)?.content ?? {};
    const name = batchJobName(jobId, attempt);
    events.beforeSubmit(process, name);
    const fate = fateOf();
    if (fate !== 'accepted') run.note('lambda', () => `Invoke ${fate}`, jobId);
    try {
      const site = { site: 'lambda.start', jobId, never: ['again', 'ghost'] as const };
      return await reach(run, process, site, () => {
        if (fate === 'throttled') {
          events.denied(process, name, THROTTLED);
          return THROTTLED;
        }
        if (fate === 'late') world.after(luck.between(1000, 90_000), () => accept(request, jobId, attempt));
        if (fate === 'never' || fate === 'late') throw new CallFailed('lambda.start');
        const { id } = accept(request, jobId, attempt);
        if (fate === 'lost') throw new CallFailed('lambda.start');
        return { kind: 'accepted', runId: id };
      });
    } catch {
      return { kind: 'unknown', why: 'TimeoutError' };
    }
  };
  const fateOf = () => {
    let left = luck.fraction();
    for (const fate of ['late', 'lost', 'never', 'throttled'] as const) {
      left -= run.odds(profile.submit[fate]);
      if (left >= 0) continue;
      run.struck(`submit.${fate}`);
      return fate;
    }
    return 'accepted';
  };

  return { runs, portFor: (process) => ({ start: (request) => start(process, request) }) };
}
