/** Jobs: submit, read, wait, watch and cancel. */
import type { Clock } from './clock.ts';
import { HeadgateError, JobFailed, WaitTimeout } from './errors.ts';
import { type Submissions, submissions } from './submissions.ts';
import type { Answer, Transport } from './transport.ts';
import type { CallOptions, FinalState, Job, JobPage, JobState, TimelineEntry, Wait } from './types.ts';

export interface WaitOptions extends CallOptions {
  /** 600 if absent. The end of a wait cancels no job. */
  readonly timeoutSeconds?: number;
  /** Throws JobFailed for a job that did not succeed. */
  readonly throwOnFailure?: boolean;
}

export interface ListOptions extends CallOptions {
  readonly state?: JobState;
  readonly type?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly since?: string;
  readonly until?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

export interface Jobs<Inputs> extends Submissions<Inputs> {
  get(jobId: string, options?: CallOptions): Promise<Job>;
  list(options?: ListOptions): Promise<JobPage>;
  why(jobId: string, options?: CallOptions): Promise<Wait>;
  timeline(jobId: string, options?: CallOptions): Promise<readonly TimelineEntry[]>;
  /** Asks for the end. A job whose container is being ended is `cancelling`; a repeat changes nothing. */
  cancel(jobId: string, options?: CallOptions): Promise<Job>;
  /** @returns the job at its end @throws WaitTimeout, and JobFailed if asked for */
  wait(jobId: string, options?: WaitOptions): Promise<Job & { readonly state: FinalState }>;
  /** Each change that was seen, the end included. What changed twice between two looks is seen once. */
  watch(jobId: string, options?: WaitOptions): AsyncGenerator<Job>;
}

const DEFAULT_TIMEOUT_SECONDS = 600;
const FIRST_LOOK_MS = 1000;
const MAX_LOOK_MS = 5000;
/** A job that takes this long is not in a hurry. */
const LONG_MS = 600_000;
const MAX_LONG_LOOK_MS = 15_000;

const FINAL: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled', 'expired']);
const isFinal = (job: Job): job is Job & { state: FinalState } => FINAL.has(job.state);

export function jobs<Inputs>(call: Transport, clock: Clock): Jobs<Inputs> {
  const at = (jobId: string, rest = '') => `/v1/jobs/${encodeURIComponent(jobId)}${rest}`;
  // The answers are those of the API's document, which a test holds against these types.
  const get = async <T>(path: string, { signal }: CallOptions = {}) =>
    (await call({ method: 'GET', path, signal })).body as T;

  async function* watch(jobId: string, options: WaitOptions = {}): AsyncGenerator<Job> {
    const { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, signal } = options;
    const beganMs = clock.nowMs();
    const untilMs = beganMs + timeoutSeconds * 1000;
    let etag: string | undefined;
    for (let looks = 0; ; looks++) {
      const answer = await look(() =>
        call({
          method: 'GET',
          path: at(jobId),
          headers: etag === undefined ? {} : { 'if-none-match': etag },
          signal,
        }),
      );
      if (answer !== undefined && answer.status !== 304) {
        etag = answer.headers.get('etag') ?? undefined;
        const job = answer.body as Job;
        yield job;
        if (isFinal(job)) return;
      }
      const leftMs = untilMs - clock.nowMs();
      if (leftMs <= 0) throw new WaitTimeout(jobId, timeoutSeconds);
      await clock.sleep(Math.min(pauseMs(looks, clock.nowMs() - beganMs, clock.random()), leftMs), signal);
    }
  }

  return {
    watch,
    ...submissions<Inputs>(call),
    get: (jobId, options) => get<Job>(at(jobId), options),
    why: (jobId, options) => get<Wait>(at(jobId, '/why'), options),
    timeline: async (jobId, options) =>
      (await get<{ items: TimelineEntry[] }>(at(jobId, '/timeline'), options)).items,
    async list({ tags = {}, limit, signal, ...rest } = {}) {
      const tagged = Object.entries(tags).map(([name, value]) => [`tag.${name}`, value]);
      const query = { ...rest, ...Object.fromEntries(tagged), limit: limit?.toString() };
      return (await call({ method: 'GET', path: '/v1/jobs', query, signal })).body as JobPage;
    },
    async cancel(jobId, { signal } = {}) {
      return (await call({ method: 'POST', path: at(jobId, '/cancel'), signal })).body as Job;
    },
    async wait(jobId, options = {}) {
      for await (const job of watch(jobId, options)) {
        if (!isFinal(job)) continue;
        if (options.throwOnFailure === true && job.state !== 'succeeded') throw new JobFailed(job);
        return job;
      }
      // A watch ends with a final job or throws.
      throw new WaitTimeout(jobId, options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS);
    },
  };
}

/** What may help later is looked at again until the timeout: a wait outlives an outage. */
async function look(ask: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof HeadgateError && error.retryable) return undefined;
    throw error;
  }
}

/** A second after the first look, growing to five; jobs of many waiters are not asked for at the same moments. */
function pauseMs(looks: number, waitedMs: number, random: number): number {
  const most = waitedMs > LONG_MS ? MAX_LONG_LOOK_MS : MAX_LOOK_MS;
  return Math.min(FIRST_LOOK_MS * 1.5 ** Math.min(looks, 20), most) * (0.75 + random / 2);
}
