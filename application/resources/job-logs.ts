/** A page of what an attempt of a job printed. */
import { problem } from '../../domain/errors.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { JobTypes } from '../../domain/job/job-type.ts';
import type { Audience } from '../../domain/reading/job-view.ts';
import {
  type LogLine,
  type LogPosition,
  linesFor,
  logCursor,
  logPositionIn,
} from '../../domain/reading/log-page.ts';
import { type LogPlace, placeOf, placeUnderWay } from '../../domain/reading/log-place.ts';
import type { LogPage, ReadLogPage } from '../../io/aws/logs/log-pages.ts';
import type { Clock } from '../../io/process/clock.ts';
import { notFound, type Refused } from './refused.ts';

export interface JobLogPorts {
  readonly readLogPage: ReadLogPage;
  readonly types: JobTypes;
  readonly clock: Clock;
}

export interface JobLogPage {
  readonly kind: 'page';
  readonly lines: readonly LogLine[];
  /** Continues the log; absent when the attempt is over and all of it was read. */
  readonly next?: string;
}

/** CloudWatch Logs shows what was printed after some seconds. */
const LATE_MS = 15_000;

/** @param job that the caller reaches: another caller is not told whether its type shows its logs */
export async function jobLogs(
  ports: JobLogPorts,
  job: JobRecord,
  {
    attempt,
    lines,
    after,
    audience,
  }: {
    readonly attempt: number;
    readonly lines: number;
    readonly after?: string | undefined;
    readonly audience: Audience;
  },
): Promise<JobLogPage | Refused> {
  if (audience === 'tenant' && ports.types.get(job.jobType)?.logs !== 'tenant') return closed;
  const ended = job.endedAttempts.find((each) => each.attempt === attempt);
  if (ended === undefined && attempt !== job.attempt) return notFound;
  const place = ended === undefined ? placeUnderWay(job) : placeOf(ended, job);
  const none = ended === undefined ? notYet : expired;
  if (place === undefined) return none;
  const position = after === undefined ? undefined : logPositionIn(after, place);
  if (after !== undefined && position === undefined) return foreignCursor;
  const page = await pageWithLines(ports, place, position, lines);
  if (page.kind === 'missing') return none;
  if (page.kind === 'position_unknown') return foreignCursor;
  const isWhole = ended !== undefined && page.isAtEnd && ports.clock.nowMs() - ended.endedAt > LATE_MS;
  return {
    kind: 'page',
    lines: linesFor(audience, place, page.events),
    ...(isWhole ? {} : { next: logCursor(place, page.next) }),
  };
}

/** A search may go through much of a log without finding a line. It goes on a few times, as CloudWatch Logs allows few calls. */
const MAX_SEARCHES = 5;

async function pageWithLines(
  { readLogPage }: JobLogPorts,
  place: LogPlace,
  after: LogPosition | undefined,
  lines: number,
): Promise<LogPage> {
  let page = await readLogPage(place, after, lines);
  for (let searches = 1; searches < MAX_SEARCHES; searches++) {
    if (page.kind !== 'page' || page.isAtEnd || page.events.length > 0) break;
    page = await readLogPage(place, page.next, lines);
  }
  return page;
}

const closed: Refused = {
  kind: 'refused',
  problem: problem('logs_closed', '', 'Expected a job whose type shows its logs to tenants.'),
};
const notYet: Refused = {
  kind: 'refused',
  problem: problem('logs_not_yet', '', 'Expected an attempt whose program runs, or is over.'),
};
const expired: Refused = {
  kind: 'refused',
  problem: problem('logs_expired', '', 'Expected an attempt that has a log.'),
};
const foreignCursor: Refused = {
  kind: 'refused',
  problem: problem('cursor_invalid', '/after', 'Expected `next` of the page before, of the same attempt.'),
};
