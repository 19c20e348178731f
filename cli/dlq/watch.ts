/** What became of letters that were sent back: a job in the table, a letter again, or nothing to be seen yet. */
import { setTimeout as pause } from 'node:timers/promises';
import { childIdOf, jobIdOf } from '../../application/job/identity.ts';
import { effectiveKeyOf } from '../../domain/dead-letter/dead-letter.ts';
import type { Letter } from '../../domain/dead-letter/letter.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { parseRequest } from '../../domain/request/request.ts';
import type { DeadLetters, Found } from '../../io/aws/dead-letters.ts';
import type { JobStore } from '../../io/table/jobs.ts';

export type Outcome =
  | { readonly kind: 'job'; readonly letter: Letter; readonly job: JobRecord }
  /** It was refused: `letter` is the one that says why. */
  | { readonly kind: 'kept'; readonly letter: Letter }
  | { readonly kind: 'unseen'; readonly letter: Letter };

interface WatchPorts {
  readonly jobs: Pick<JobStore, 'load'>;
  readonly letters: DeadLetters;
  readonly signal: AbortSignal;
}

/** How long the table is watched before each look into the queue: a look hides letters from other readers. */
const LOOKS_AFTER_MS = [3000, 7000];
const POLL_MS = 200;

/** @returns one outcome for each letter, in their order */
export async function watchRedrives(ports: WatchPorts, sent: readonly Found[]): Promise<Outcome[]> {
  const seen = new Map<Found, Outcome>();
  const waiting = () => sent.filter((found) => !seen.has(found));
  for (const watchMs of LOOKS_AFTER_MS) {
    const until = performance.now() + watchMs;
    while (waiting().length > 0 && performance.now() < until && !ports.signal.aborted) {
      for (const [found, job] of await jobsOf(ports, waiting()))
        seen.set(found, { kind: 'job', letter: found.letter, job });
      if (waiting().length > 0)
        await pause(POLL_MS, undefined, { signal: ports.signal }).catch(() => undefined);
    }
    if (waiting().length === 0 || ports.signal.aborted) break;
    for (const [found, letter] of await lettersOf(ports, sent, waiting()))
      seen.set(found, { kind: 'kept', letter });
  }
  return sent.map((found) => seen.get(found) ?? { kind: 'unseen', letter: found.letter });
}

async function jobsOf({ jobs }: WatchPorts, waiting: readonly Found[]): Promise<[Found, JobRecord][]> {
  const ids = new Map(waiting.map((found) => [found, jobIdOfLetter(found)]));
  const stored = await jobs.load([...ids.values()].flatMap((id) => id ?? []));
  return waiting.flatMap((found) => {
    const job = stored.get(ids.get(found) ?? '');
    return job === undefined ? [] : [[found, job] as [Found, JobRecord]];
  });
}

/** The job that intake makes of the letter; absent for a body that is no request. */
function jobIdOfLetter({ letter, stored }: Found): string | undefined {
  if (letter.kind === 'failed') return childIdOf(letter.id);
  const parsed = parseRequest(stored.body);
  if (parsed.kind !== 'submit') return undefined;
  const attributes = { effectiveKey: letter.id, ...stored.attributes };
  const key = parsed.request.idempotencyKey ?? effectiveKeyOf({ id: letter.messageId, attributes });
  return jobIdOf(parsed.request.tenantId, key);
}

/** New letters of the same message or job: those that were sent back have been removed, and their ids are known. */
async function lettersOf({ letters, signal }: WatchPorts, sent: readonly Found[], waiting: readonly Found[]) {
  const old = new Set(sent.map(({ letter }) => letter.messageId));
  const wanted = new Map(waiting.map((found) => [found.letter.id, found]));
  return letters.scan(
    ({ id, messageId }) => wanted.has(id) && !old.has(messageId),
    async ({ letters: again }) =>
      again.flatMap(({ letter }) => {
        const found = wanted.get(letter.id);
        return found === undefined ? [] : [[found, letter] as const];
      }),
    signal,
  );
}

/** One line for each outcome. */
export function outcomeText(outcome: Outcome): string {
  const { id } = outcome.letter;
  if (outcome.kind === 'job') return `${id}  is ${outcome.job.jobId}, which is ${outcome.job.state}`;
  if (outcome.kind === 'kept')
    return `${id}  is a dead letter again: ${outcome.letter.code}, ${outcome.letter.reason}`;
  return `${id}  is on its way: there is no job of it yet, and no letter`;
}
