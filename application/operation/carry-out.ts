/**
 * One slice of an operation, asked for by a message of the submit queue. A process that dies in it leaves the record as it was,
 * and the slice is done again: a redrive, a cancel and a replay that were done before find that, and change nothing.
 */
import { type OperationMessage, operationMessage } from '../../domain/batch/messages.ts';
import {
  advanced,
  type FilteredWork,
  isOver,
  type Operation,
  type Outcome,
  type Slice,
  sliceSize,
} from '../../domain/operation/operation.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { OperationStore } from '../../io/table/operation/operations.ts';
import { apart } from '../apart.ts';
import { type Act, type ActPorts, actor } from './act.ts';
import { findMatches, type Matches, type MatchPorts } from './matches.ts';

export interface CarryOutPorts extends MatchPorts, ActPorts {
  readonly jobs: MatchPorts['jobs'] & ActPorts['jobs'];
  readonly groups: MatchPorts['groups'] & ActPorts['groups'];
  readonly deliveries: MatchPorts['deliveries'] & ActPorts['deliveries'];
  readonly endpoints: MatchPorts['endpoints'];
  readonly operations: Pick<OperationStore, 'get' | 'replace'>;
  readonly submitQueue: Queue;
  readonly clock: Clock;
  readonly log: Log;
}

export type CarryOut = (message: OperationMessage) => Promise<void>;

/** Slices are a second's worth, and so are the pauses between them. */
const PAUSE_SECONDS = 1;

/**
 * @returns a function for one message. Of two that have the same one only one goes on, and the message of an earlier version
 *   has no effect, so there is never more than one that will
 * @throws when the table does not answer: the message is delivered again, or reconcile resumes the operation
 */
export function operationWorker(ports: CarryOutPorts): CarryOut {
  const act = actor(ports);
  const { operations, submitQueue, clock, log } = ports;
  return async ({ operation: operationId, version }) => {
    const seen = await operations.get(operationId);
    if (seen === undefined || isOver(seen) || seen.version !== version) return;
    // Tick does these, when they are due.
    if (seen.work.kind === 'erase') return;
    const slice = await workOn(ports, act, { ...seen, work: seen.work });
    const next = advanced(seen, slice, clock.nowMs());
    const isMine = (await operations.replace(seen, next)) === 'written';
    log.info(`operation:slice:${isMine ? next.state : 'lost'}`, {
      operationId,
      count: slice.outcomes.length,
    });
    if (isMine && !isOver(next))
      await submitQueue.send([operationMessage(next, slice.outcomes.length === 0 ? 0 : PAUSE_SECONDS)]);
  };
}

async function workOn(
  ports: MatchPorts,
  act: Act,
  seen: Operation & { readonly work: FilteredWork },
): Promise<Slice> {
  const found = await findMatches(ports, seen.work, { limit: sliceSize(seen), cursor: seen.cursor });
  // Its filter and its cursor are of our own making, so this is one of a version that reads them differently.
  if (found.kind === 'refused')
    return { outcomes: [{ kind: 'refused', code: found.problem.code }], examined: 0 };
  return { ...found, outcomes: await outcomesOf(found, (match) => act(seen.operationId, match)) };
}

/** All are waited for before the first error is thrown: behind this handler Lambda freezes what still runs. */
async function outcomesOf(
  { matches }: Matches,
  act: (match: Matches['matches'][number]) => Promise<Outcome>,
): Promise<Outcome[]> {
  const { done, failed } = await apart(matches, act);
  const outcomes = done.map(({ result }) => result);
  for (const { error } of failed) {
    // One record that this version cannot read must not stop the others for ever.
    if (!(error instanceof Error && error.name === 'RowUnreadable')) throw error;
    outcomes.push({ kind: 'refused', code: 'internal' });
  }
  return outcomes;
}
