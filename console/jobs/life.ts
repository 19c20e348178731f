/** The life of a job on one line: stretches of time, each with a name. Its record keeps when attempts began and ended. */
import type { Job, Wait } from '../api/schema.ts';

export type Kind = 'before' | 'wait' | 'start' | 'run' | 'bad' | 'good' | 'ahead';

export interface Stretch {
  readonly kind: Kind;
  readonly text: string;
  readonly fromMs: number;
  readonly toMs: number;
}

const FINAL = ['succeeded', 'failed', 'cancelled', 'expired'];
const IN_BATCH = ['submitting', 'submitted', 'starting', 'cancelling'];

export function lifeOf(job: Job, wait: Wait | undefined, nowMs: number): Stretch[] {
  const stretches: Stretch[] = [];
  let fromMs = Date.parse(job.createdAt);
  const until = (kind: Kind, text: string, toMs: number) => {
    if (toMs > fromMs) stretches.push({ kind, text, fromMs, toMs });
    fromMs = Math.max(fromMs, toMs);
  };
  const eligibleMs = at(job.eligibleAt);
  if (eligibleMs !== undefined && eligibleMs > fromMs)
    until('ahead', 'until its time', Math.min(eligibleMs, nowMs));
  for (const { attempt, startedAt, endedAt, failure } of job.attempts) {
    const startMs = at(startedAt);
    const endMs = Date.parse(endedAt);
    if (startMs !== undefined) until('before', beforeText(attempt), startMs);
    const ran = startMs === undefined ? `attempt ${attempt} did not begin` : `attempt ${attempt} ran`;
    until(
      failure === undefined ? 'good' : 'bad',
      `${ran}${failure === undefined ? '' : `: ${failure.code}`}`,
      endMs,
    );
  }
  if (FINAL.includes(job.state)) {
    const endMs = at(job.finishedAt) ?? Date.parse(job.stateAt);
    const startMs = at(job.startedAt);
    const isOver = job.attempts.some(({ attempt }) => attempt === job.attempt);
    // What follows the end of the last attempt is the work of Headgate, a moment.
    if (isOver) return stretches;
    if (startMs !== undefined) until('before', beforeText(job.attempt), startMs);
    until(startMs === undefined ? 'before' : 'run', endedText(job), endMs);
    return stretches;
  }
  for (const [kind, text, toMs] of presentOf(job, wait, nowMs)) until(kind, text, toMs);
  return stretches;
}

/** The stretches that end now, or at the state that the job is in now. */
function presentOf(job: Job, wait: Wait | undefined, nowMs: number): [Kind, string, number][] {
  const { state, attempt, attempts, startedAt } = job;
  const stateMs = Date.parse(job.stateAt);
  if (state === 'running')
    return [
      ['before', beforeText(attempt), at(startedAt) ?? stateMs],
      ['run', `attempt ${attempt} runs`, nowMs],
    ];
  if (IN_BATCH.includes(state))
    return [
      ['before', beforeText(attempt), stateMs],
      ['start', state, nowMs],
    ];
  if (state === 'retrying') {
    const isOver = attempts.some((ended) => ended.attempt === attempt);
    return [['wait', `waits for attempt ${isOver ? attempt + 1 : attempt}`, nowMs]];
  }
  return [['wait', wait === undefined ? 'waits' : `waits: ${wait.text}`, nowMs]];
}

const beforeText = (attempt: number): string =>
  attempt === 1 ? 'before it began' : `before attempt ${attempt} began`;

function endedText({ state, startedAt }: Job): string {
  if (startedAt === undefined) return `${state} before it began`;
  return state === 'succeeded' ? 'ran' : `until it was ${state}`;
}

const at = (iso: string | undefined): number | undefined => (iso === undefined ? undefined : Date.parse(iso));
