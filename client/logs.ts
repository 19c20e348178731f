/** What the program of a job printed. */
import type { Clock } from './clock.ts';
import { WaitTimeout } from './errors.ts';
import { DEFAULT_TIMEOUT_SECONDS, look, pauseMs } from './looks.ts';
import type { Transport } from './transport.ts';
import type { CallOptions, Job, LogLine } from './types.ts';

export interface LogOptions extends CallOptions {
  /** The latest if absent, which asks for the job first. */
  readonly attempt?: number;
  /** Goes on until the attempt is over, for `timeoutSeconds`; 600 if absent. */
  readonly follow?: boolean;
  readonly timeoutSeconds?: number;
}

type Logs = (jobId: string, options?: LogOptions) => AsyncGenerator<LogLine>;

export function logs(
  read: Transport,
  jobOf: (jobId: string, options: CallOptions) => Promise<Job>,
  clock: Clock,
): Logs {
  return async function* (jobId, options = {}) {
    const { follow = false, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, signal } = options;
    const attempt = options.attempt ?? (await jobOf(jobId, { signal })).attempt;
    const path = `/v1/jobs/${encodeURIComponent(jobId)}/attempts/${attempt}/logs`;
    const untilMs = clock.nowMs() + timeoutSeconds * 1000;
    let after: string | undefined;
    for (let looks = 0; ; looks++) {
      const ask = () => read({ method: 'GET', path, query: { after, limit: '1000' }, signal });
      const answer = await (follow ? look(ask) : ask());
      const { lines = [], next } = (answer?.body ?? { next: after }) as { lines?: LogLine[]; next?: string };
      yield* lines;
      if (answer !== undefined && next === undefined) return;
      after = next;
      if (lines.length > 0) continue;
      if (!follow) return;
      const leftMs = untilMs - clock.nowMs();
      if (leftMs <= 0) throw new WaitTimeout(jobId, timeoutSeconds);
      await clock.sleep(Math.min(pauseMs(Math.min(looks, 2), 0, clock.random()), leftMs), signal);
    }
  };
}
