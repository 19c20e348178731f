/** The timeline of one job for people: what happened, when, how long after what was before, and why it waits now. */
import { isFinal, type JobRecord } from '../../domain/job/job.ts';
import { summaryOf } from '../../domain/reading/job-view.ts';
import type { TimelineEntry } from '../../domain/reading/timeline.ts';
import type { Page, Tone } from '../program/output.ts';
import { duration, second } from '../program/time.ts';

export interface Timeline {
  readonly job: JobRecord;
  /** The oldest first. */
  readonly entries: readonly TimelineEntry[];
  /** Why it waits, or that it does not. */
  readonly wait: string;
  readonly nowMs: number;
}

export function writeTimeline(page: Page, timeline: Timeline): void {
  const { job, entries, nowMs } = timeline;
  writeHead(page, job);
  const isPast = ({ at }: TimelineEntry) => Date.parse(at) <= nowMs;
  const rows = new Rows(page, job.createdAt);
  for (const entry of entries.filter(isPast)) rows.write(entry);
  if (!isFinal(job.state)) rows.now(presentText(timeline), nowMs);
  for (const entry of entries.filter((each) => !isPast(each))) rows.write(entry);
  page.line();
  page.hanging('', sumOf(job, nowMs));
}

/** Each row says how long after the row before it came. */
class Rows {
  readonly #page: Page;
  #beforeMs: number;
  #day = '';
  #told: string[] = [];

  constructor(page: Page, fromMs: number) {
    this.#page = page;
    this.#beforeMs = fromMs;
  }

  write(entry: TimelineEntry): void {
    const [day = '', time = ''] = entry.at.split('T');
    if (day !== this.#day) {
      this.#page.line();
      this.#page.line({ text: `${day}, UTC`, tone: 'dim' });
      this.#day = day;
    }
    const stamp = stampOf(time.slice(0, 12), this.#since(Date.parse(entry.at)));
    this.#page.hanging(stamp, { text: entry.text, tone: toneOf(entry.kind) });
    const details = detailsOf(entry);
    // The end of a job repeats the failure of its last attempt.
    if (details.join() !== this.#told.join())
      for (const line of details) this.#page.hanging(stampOf('', ''), { text: line, tone: 'dim' });
    if (details.length > 0) this.#told = details;
  }

  now(text: string, nowMs: number): void {
    this.#page.hanging(stampOf('now', this.#since(nowMs)), { text, tone: 'strong' });
  }

  #since(atMs: number): string {
    const since = atMs > this.#beforeMs ? `+${duration(atMs - this.#beforeMs)}` : '';
    this.#beforeMs = Math.max(this.#beforeMs, atMs);
    return since;
  }
}

function presentText({ job, wait, nowMs }: Timeline): string {
  if (wait !== NO_WAIT) return `${job.state}: ${wait}`;
  return `${job.state} for ${duration(Math.max(0, nowMs - job.stateAt))}`;
}

/** The sentence of a job that waits for nothing. @see waitText */
const NO_WAIT = 'it does not wait';

function writeHead(page: Page, job: JobRecord): void {
  const {
    id,
    tenantId,
    jobType,
    idempotencyKey,
    priority,
    tags = {},
    parent,
    redrivenAs,
  } = summaryOf(job, 'operator');
  page.line(`${id}  `, { text: job.state, tone: stateTone(job.state) });
  const facts = [
    `${jobType} of ${tenantId}`,
    job.keyGiven === false ? 'no key' : `key ${idempotencyKey}`,
    ...(priority === 'normal' ? [] : [`priority ${priority}`]),
    ...Object.entries(tags).map(([name, value]) => `${name}=${value}`),
    ...(parent === undefined ? [] : [`runs ${parent} again`]),
    ...(redrivenAs === undefined ? [] : [`run again as ${redrivenAs}`]),
  ];
  page.hanging('', facts.join(', '));
}

const stampOf = (time: string, since: string): string => `${time.padEnd(12)}  ${since.padStart(12)}  `;

/** What the sentence of the entry does not say. */
function detailsOf({ failure }: TimelineEntry): string[] {
  if (failure === undefined) return [];
  const { class: failureClass, message, exitCode, reason, logStream } = failure;
  return [
    [failureClass, ...(exitCode === undefined ? [] : [`exit code ${exitCode}`])].join(', ') +
      (message === '' ? '' : `: ${message}`),
    ...(reason === undefined ? [] : [`AWS: ${reason}`]),
    ...(logStream === undefined ? [] : [`log: ${logStream}`]),
  ];
}

function toneOf(kind: string): Tone | undefined {
  return kind.startsWith('state.') ? stateTone(kind.slice('state.'.length)) : undefined;
}

/** @param state a state of a job */
export function stateTone(state: string): Tone {
  if (state === 'succeeded') return 'good';
  return state === 'failed' || state === 'expired' ? 'bad' : 'strong';
}

/** Where the time went. */
function sumOf(job: JobRecord, nowMs: number): string {
  const untilMs = job.finishedAt ?? nowMs;
  const spans = job.endedAttempts.map(({ startedAt, endedAt }) =>
    startedAt === undefined ? 0 : endedAt - startedAt,
  );
  const isRunning = (job.state === 'running' || job.state === 'cancelling') && job.startedAt !== undefined;
  const ranMs = spans.reduce((sum, ms) => sum + ms, 0) + (isRunning ? nowMs - (job.startedAt ?? nowMs) : 0);
  const totalMs = Math.max(0, untilMs - job.createdAt);
  const attempts = Math.max(job.endedAttempts.length, isRunning ? job.attempt : 0);
  const whole = `${duration(totalMs)} ${job.finishedAt === undefined ? 'so far' : `until ${second(job.finishedAt)}`}`;
  if (attempts === 0) return `${whole}, without an attempt.`;
  const outside = duration(Math.max(0, totalMs - ranMs));
  return `${whole}: ${duration(ranMs)} in ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}, ${outside} outside of them.`;
}
