/** Operators who redrive or cancel all that match a filter, and what must be true when such an operation is over. */

import { childIdOf } from '../../application/job/identity.ts';
import { cancelOperation, startOperation } from '../../application/operation/operations.ts';
import { isFinal, type JobRecord } from '../../domain/job/job.ts';
import type { Operation, Work } from '../../domain/operation/operation.ts';
import type { FailureRow } from '../../domain/reading/failure-row.ts';
import { hasNoInput } from '../../domain/request/array-line.ts';
import { ARRAY_ID } from './arrays.ts';
import type { Cancels } from './cancels.ts';
import { CROWD } from './crowds.ts';
import type { Run } from './faults.ts';
import { strengthOf } from './kinds.ts';
import type { Parts } from './lambdas.ts';
import { FAULTS_END_MS } from './profiles.ts';
import { type Process, START_MS } from './world.ts';

interface World {
  portsFor(process: Process): Parts;
  job(jobId: string): JobRecord | undefined;
  records(): readonly JobRecord[];
  failures(): readonly FailureRow[];
  readonly cancelled: Cancels;
}

export interface Bulk {
  /** 2.16: what matched when it was started has been done, or was refused. */
  onEnd(operation: Operation): void;
}

/** The index of a tenant's jobs lags, and a job of the last moment may be missed. */
const LAG_MS = 60_000;
const KEY = 'bulk-1';

export function bulk(run: Run, world: World): Bulk {
  const luck = run.world.dice('bulk');
  let matched: readonly string[] = [];
  const happens = luck.happens(strengthOf(run.profile, 'people.bulk'));
  const tenantId = luck.pick(['acme', 'globex']);
  const kind = luck.pick(['redrive', 'redrive', 'cancel'] as const);
  const atMs = luck.between(60_000, FAULTS_END_MS * 1.2);
  const perSecond = luck.pick([1, 1, 2, 25]);
  const ofAll = luck.happens(0.5);
  /** Of what it redrives the members alone. */
  let group: string | undefined;
  const cancelAfterMs = luck.happens(0.15) ? luck.between(0, 5000) : undefined;
  if (happens) {
    run.struck('people.bulk');
    run.world.after(atMs, () => start());
  }

  function start(): void {
    const untilMs = run.world.nowMs();
    group = groupOfFailures(untilMs);
    const times = { sinceMs: START_MS - 3_600_000, untilMs };
    const work: Work =
      kind === 'cancel'
        ? { kind, tenantId, ...times }
        : group === undefined
          ? { kind, ...(ofAll ? {} : { tenantId }), ...times }
          : { kind, tenantId: CROWD.tenantId, group, ...times };
    matched =
      kind === 'cancel'
        ? unfinishedBefore(untilMs - LAG_MS)
        : group === undefined
          ? failedOf(work.tenantId, untilMs)
          : failedIn(group, untilMs);
    if (kind === 'cancel') world.cancelled.hearOfAll(tenantId);
    again(`starts ${JSON.stringify(work)}`, (ports) =>
      startOperation(ports, { work, operator: 'operator', perSecond, requestKey: KEY }),
    );
    if (cancelAfterMs !== undefined)
      run.world.after(cancelAfterMs, () =>
        again('cancels its operation', async (ports) => {
          const [operation] = await ports.operations.list();
          if (operation !== undefined) await cancelOperation(ports, operation.operationId);
        }),
      );
  }

  /** Until it has an answer: the operator asks again with the same key. */
  function again(what: string, ask: (ports: Parts) => Promise<unknown>): void {
    run.world.stir();
    const process = run.process('outside');
    run.note('operator', () => what);
    ask(world.portsFor(process)).catch(() => run.world.after(1000, () => again(what, ask)));
  }

  const failedOf = (only: string | undefined, untilMs: number) =>
    world
      .failures()
      .filter((row) => row.failedAt < untilMs && (only === undefined || row.tenantId === only))
      .map(({ jobId }) => jobId);
  // By chance of its own: the other worlds are as they were.
  const groupOfFailures = (untilMs: number) =>
    kind === 'redrive' && run.world.dice('bulk of a group').happens(0.6)
      ? [CROWD.groupId, ARRAY_ID].find((groupId) => failedIn(groupId, untilMs).length > 0)
      : undefined;
  /** Those that are members, and their redrives, which are judged in their place. */
  const failedIn = (groupId: string, untilMs: number) =>
    world
      .records()
      .filter((job) => job.group === groupId && job.tenantId === CROWD.tenantId)
      .filter(({ state, redrivenAs }) => state === 'failed' && redrivenAs === undefined)
      .filter(({ finishedAt, stateAt }) => (finishedAt ?? stateAt) < untilMs)
      .map(({ jobId }) => jobId);
  const unfinishedBefore = (untilMs: number) =>
    world
      .records()
      .filter((job) => job.tenantId === tenantId && job.createdAt < untilMs && !isFinal(job.state))
      .map(({ jobId }) => jobId);
  const isDone = (jobId: string): boolean => {
    const job = world.job(jobId);
    if (job === undefined || kind === 'cancel')
      return job === undefined || isFinal(job.state) || job.state === 'cancelling';
    return (
      job.state !== 'failed' ||
      hasNoInput(job) ||
      job.discarded !== undefined ||
      world.job(childIdOf(jobId)) !== undefined
    );
  };

  return {
    onEnd({ operationId, refused, done, repeated }) {
      const left = matched.filter((jobId) => !isDone(jobId));
      run.count(`operation ${kind} finished`);
      if (group !== undefined && kind === 'redrive' && done > 0) run.count('failed members redriven');
      if (done > 0) run.count(`operation ${kind} did something`);
      if (done + repeated > 1 && perSecond === 1) run.count('operation of several slices');
      if (left.length > refused)
        run.violate(
          '2.16',
          `${operationId} is over, and has not done ${left}: ${refused} were refused`,
          left[0],
        );
    },
  };
}
