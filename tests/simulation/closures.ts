/** What operators do to AWS Batch: disable a queue, deregister a definition, take a right away. And put it right again. */
import { classifyRefusal } from '../../domain/batch/refusal.ts';
import type { SubmitRequest } from '../../domain/batch/submission.ts';
import type { JobTypes } from '../../domain/job/job-type.ts';
import type { SubmitOutcome } from '../../io/aws/batch.ts';
import type { Run } from './faults.ts';
import { type FaultKind, strengthOf } from './kinds.ts';
import { FAULTS_END_MS } from './profiles.ts';
import { type Process, START_MS } from './world.ts';

/** In a run without reconcile each wait must be short enough for a message. */
const LONGEST_MS = 300_000;

interface Closure {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly name: string;
  readonly message: string;
  meets(request: SubmitRequest): boolean;
}

const account = 'arn:aws:batch:eu-central-1:123456789012';
const requestId = 'RequestId: 2b840943-b750-11e8-827b-15f8ec75bcad';
const executing = (text: string) => `Error executing request, Exception : ${text}, ${requestId}`;

/** @returns what AWS Batch answers to this request now, while an operator's action is in its way */
export function closures(run: Run): (request: SubmitRequest) => SubmitOutcome | undefined {
  const luck = run.world.dice('closures');
  const closed: Closure[] = [];
  const close = (kind: FaultKind, closure: Pick<Closure, 'name' | 'message' | 'meets'>) => {
    if (!luck.happens(strengthOf(run.profile, kind))) return;
    run.struck(kind);
    const fromMs = START_MS + luck.between(0, FAULTS_END_MS / 2);
    closed.push({ ...closure, fromMs, untilMs: fromMs + luck.between(1000, LONGEST_MS) });
  };
  const queue = luck.pick(['standard', 'economy']);
  close('people.disableQueue', {
    name: 'ClientException',
    message: executing(`${account}:job-queue/${queue} is disabled`),
    meets: ({ jobQueue }) => jobQueue === queue,
  });
  const definition = luck.pick(['csv.summarise', 'demo.sleep']);
  close('people.deregister', {
    name: 'ClientException',
    message: executing(`JobDefinition name ${definition} does not exist or is not in ACTIVE status`),
    meets: ({ jobDefinition }) => jobDefinition === definition,
  });
  close('people.revoke', {
    name: 'AccessDeniedException',
    message: `User: ${account}:assumed-role/submit is not authorized to perform: batch:SubmitJob`,
    meets: () => true,
  });
  return (request) => {
    const nowMs = run.world.nowMs();
    const met = closed.find(
      ({ fromMs, untilMs, meets }) => fromMs <= nowMs && nowMs < untilMs && meets(request),
    );
    if (met === undefined) return undefined;
    const status = met.name === 'ClientException' ? 400 : 403;
    return classifyRefusal({ name: met.name, status, message: met.message });
  };
}

/**
 * Submit is deployed last, or rolled back: for a while its version lacks a job type that intake accepts.
 *
 * @returns the registry of the version that a process runs now
 */
export function rolledBack(run: Run, types: JobTypes): (process: Process) => JobTypes {
  const luck = run.world.dice('rollback');
  if (!luck.happens(strengthOf(run.profile, 'people.rollback'))) return () => types;
  run.struck('people.rollback');
  const lacking = luck.pick(['csv.summarise', 'demo.sleep']);
  const older = new Map([...types].filter(([id]) => id !== lacking));
  const fromMs = START_MS + luck.between(0, FAULTS_END_MS / 2);
  const untilMs = fromMs + luck.between(1000, LONGEST_MS);
  return ({ role }) => {
    const nowMs = run.world.nowMs();
    return role === 'submit' && fromMs <= nowMs && nowMs < untilMs ? older : types;
  };
}
