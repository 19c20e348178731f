/** Jobs: submit, read, wait, watch and cancel. */
import type { Clock } from './clock.ts';
import { JobFailed, WaitTimeout } from './errors.ts';
import { type LogOptions, logs } from './logs.ts';
import { DEFAULT_TIMEOUT_SECONDS, look, pauseMs } from './looks.ts';
import { type Submissions, submissions } from './submissions.ts';
import type { Transport } from './transport.ts';
import type {
  CallOptions,
  FinalState,
  Job,
  JobPage,
  JobState,
  LogLine,
  TimelineEntry,
  Wait,
} from './types.ts';

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
  /** What the program of an attempt printed, of a job type that shows it; needs the scope `logs:read`. */
  logs(jobId: string, options?: LogOptions): AsyncGenerator<LogLine>;
}

const FINAL: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled', 'expired']);
const isFinal = (job: Job): job is Job & { state: FinalState } => FINAL.has(job.state);

/** @param readLogs may read what programs print: not every key and token may */
export function jobs<Inputs>(call: Transport, readLogs: Transport, clock: Clock): Jobs<Inputs> {
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
    logs: logs(readLogs, (jobId, options) => get<Job>(at(jobId), options), clock),
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
