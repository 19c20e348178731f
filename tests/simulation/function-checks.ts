/** What must hold after every commit for a run on Lambda: it ends once, by its own word or when it is over. */
import { isFunctionRun } from '../../domain/executor/executor.ts';
import type { JobTypes } from '../../domain/job/job-type.ts';
import type { Commit } from './container-checks.ts';
import type { FunctionRun } from './functions.ts';
import type { Process } from './world.ts';

interface Facts {
  readonly types: JobTypes;
  functionRun(id: string): FunctionRun | undefined;
}

type Broken = [rule: string, detail: string];

export function* runsOf({ process, before, after }: Commit, facts: Facts): Generator<Broken> {
  if (before === undefined) return;
  const isCalled = after.calls > before.calls;
  const wasSlow = before.endedAttempts.some(
    ({ runId, failure }) => isFunctionRun(runId) && failure?.class === 'timeout',
  );
  if (isCalled && after.claimBy !== undefined && wasSlow)
    yield ['L3', 'it is called on Lambda, and has run out of its time there'];
  const ended =
    after.endedAttempts.length > before.endedAttempts.length ? after.endedAttempts.at(-1) : undefined;
  if (ended?.runId === undefined || !isFunctionRun(ended.runId)) return;
  const truth = facts.functionRun(ended.runId);
  if (truth?.jobId !== after.jobId || truth.attempt !== ended.attempt)
    yield ['L2', `attempt ${ended.attempt} was ended by ${ended.runId}, a run of attempt ${truth?.attempt}`];
  const held = facts.functionRun(before.claim?.runId ?? '');
  const holder = held?.deliveries.find(({ container }) => container?.nonce === before.claim?.nonce);
  // The record of an event says nothing of which delivery has crashed. Of two at once, the other's result is refused.
  const isDead = holder === undefined || !holder.alive || (held?.crashes ?? 0) > 0;
  if (!isDead && !speaksFor(process, holder))
    yield ['L2', `attempt ${ended.attempt} was ended while ${holder.name} is at work on it`];
  if (after.state !== 'succeeded') return;
  if (facts.types.get(after.jobType)?.promisesResult === true && after.result === undefined)
    yield ['I7', 'succeeded without a result'];
  if (after.claim?.runId !== ended.runId || !speaksFor(process, holder))
    yield ['L2', 'succeeded by the word of another than the holder of its claim'];
}

/** Whether this is an invocation of worker-api by that delivery. */
const speaksFor = ({ container }: Process, holder: Process | undefined) =>
  holder !== undefined && container === holder.container;
