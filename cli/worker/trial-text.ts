/** What a trial shows: what happens as it happens, and what the job would have become. */
import type { Told } from '../../application/worker/trial.ts';
import type { Failure, JobRecord } from '../../domain/job/job.ts';
import type { JobType } from '../../domain/job/job-type.ts';
import type { WorkerAnswer } from '../../domain/worker/calls.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import { stateTone } from '../job/timeline-text.ts';
import type { Output } from '../program/output.ts';

export function screen(output: Output, clock: Clock) {
  const beganAtMs = clock.nowMs();
  const show = (kind: string, fields: object, text = '') => {
    const afterMs = clock.nowMs() - beganAtMs;
    const after = `${(afterMs / 1000).toFixed(1).padStart(6)} s  `;
    output.show([{ kind, afterMs, ...fields }], (page) =>
      page.line({ text: `${after}${kind.padEnd(10)}`, tone: 'dim' }, text),
    );
  };
  const log: Log = {
    info: () => undefined,
    error: (event, { why = '' } = {}) => show('failed', { event }, `${event} ${why}`),
  };
  return {
    log,
    line: (line: string) => show('printed', { line }, line),
    told(told: Told): void {
      const { kind, ...fields } = told;
      show(kind, fields, textOf(told));
    },
    /** A program may pass over a refusal, of which its author wants to know. */
    answered(answer: WorkerAnswer | string): void {
      const code = typeof answer === 'string' ? /^code=(\w+)$/m.exec(answer)?.[1] : codeOf(answer);
      if (code === undefined) return;
      const message = typeof answer === 'string' || !('message' in answer) ? '' : `: ${answer.message}`;
      show('refused', { code }, `${code}${message}`);
    },
  };
}

const codeOf = (answer: WorkerAnswer) => ('code' in answer ? answer.code : undefined);

function textOf(told: Told): string {
  switch (told.kind) {
    case 'claimed':
      return '';
    case 'committed':
      return 'the result';
    case 'progress': {
      const { done, total, note } = told.progress;
      return `${done}${total === undefined ? '' : ` of ${total}`}${note === undefined ? '' : `: ${note}`}`;
    }
    case 'reported':
      return `${told.failure.code}: ${told.failure.message}`;
  }
}

interface Ended {
  readonly type: JobType;
  readonly job: JobRecord;
  readonly end: { readonly exitCode: number; readonly hasTimedOut: boolean };
  readonly objects: readonly {
    readonly name: string;
    readonly key: string;
    readonly bytes: number;
    readonly file?: string;
  }[];
  /** Reads an object by its key. */
  readonly objectText: (key: string) => Promise<string>;
}

const MEANINGS = {
  done: 'done',
  never_again: 'never again',
  try_later: 'try later',
  out_of_memory: 'out of memory',
} as const;

export async function ending(
  output: Output,
  { type, job, end: { exitCode, hasTimedOut }, objects, objectText }: Ended,
): Promise<void> {
  const meaning = hasTimedOut ? 'timed_out' : (type.exitCodes[exitCode] ?? 'failed');
  const words =
    meaning === 'timed_out' || meaning === 'failed' ? meaning.replace('_', ' ') : MEANINGS[meaning];
  const result = await resultOf(job, objects, objectText);
  const failure = job.failure ?? job.endedAttempts.at(-1)?.failure;
  const record = {
    kind: 'ended',
    exitCode,
    meaning,
    claimed: job.claim !== undefined,
    state: job.state,
    ...(failure && { failure: { class: failure.class, code: failure.code, message: failure.message } }),
    ...(job.nextAttemptAt === undefined ? {} : { nextAttemptInMs: job.nextAttemptAt - job.stateAt }),
    ...(result === undefined ? {} : { result }),
    objects: objects.map(({ name, bytes, file }) => ({ name, bytes, ...(file && { file }) })),
  };
  output.show([record], (page) => {
    page.line();
    for (const { name, bytes, file } of objects)
      page.line(`wrote ${name}, ${bytes} bytes${file ? `: ${file}` : ''}`);
    if (result !== undefined) {
      page.line({ text: 'result', tone: 'dim' });
      page.block(JSON.stringify(result, undefined, 2));
    }
    page.line(`exit code ${exitCode}: ${words}`);
    page.line({ text: sentenceOf(job, type, failure), tone: stateTone(job.state) });
    if (job.claim === undefined && type.promisesResult)
      page.line('The program made no claim: it knows nothing of Headgate, or runs without headgate-exec.');
  });
}

async function resultOf(
  { result }: JobRecord,
  objects: Ended['objects'],
  objectText: Ended['objectText'],
): Promise<unknown> {
  if (result === undefined) return undefined;
  if ('inline' in result) return result.inline;
  const object = objects.find(({ key }) => result.object.endsWith(`/${key}`));
  if (object === undefined) return { object: result.object };
  const text = await objectText(object.key);
  try {
    return JSON.parse(text);
  } catch {
    return { object: object.name, bytes: object.bytes };
  }
}

function sentenceOf(job: JobRecord, type: JobType, failure: Failure | undefined): string {
  if (job.state === 'succeeded') return 'The job would have succeeded.';
  const why = failure === undefined ? '' : `${failure.class}, ${failure.code}: ${failure.message} `;
  if (job.state === 'retrying') {
    const seconds = Math.round(((job.nextAttemptAt ?? job.stateAt) - job.stateAt) / 1000);
    return `${why}Attempt ${job.attempt + 1} of ${type.retry.maxAttempts} would begin ${seconds} s later.`;
  }
  return `${why}The job would have ${job.state === 'failed' ? 'failed for good' : `been ${job.state}`}.`;
}
