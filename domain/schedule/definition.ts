/** What a caller says of a schedule, read from JSON: the definition, or the one refusal that the caller is told. */
import * as z from 'zod';
import { type Problem, problem } from '../errors.ts';
import { JsonObject } from '../job/ids.ts';
import { inOurWords } from '../request/expectation.ts';
import { explain, isObject } from '../request/explain.ts';
import { type ParsedSubmission, parseSubmission, readBody } from '../request/request.ts';
import { bytesOf } from '../size.ts';
import {
  boundedCalendar,
  CatchUp,
  DEFAULT_CATCH_UP_SECONDS,
  type Definition,
  MAX_CATCH_UP_SECONDS,
  MAX_JITTER_SECONDS,
  Overlap,
} from './schedule.ts';

const Time = z.iso.datetime({ offset: true, error: 'expected an ISO 8601 time with seconds and a zone' });

/**
 * @example { "cron": "0 2 * * *", "timeZone": "Europe/Berlin", "job": { "jobType": "report.render", "input": {} } }
 */
export const DefinitionBody = z.strictObject({
  cron: z.string().max(256),
  timeZone: z.string().max(64).default('UTC'),
  job: JsonObject,
  overlap: Overlap.default('allow'),
  catchUp: CatchUp.default('latest'),
  catchUpSeconds: z.int().min(60).max(MAX_CATCH_UP_SECONDS).default(DEFAULT_CATCH_UP_SECONDS),
  jitterSeconds: z.int().min(0).max(MAX_JITTER_SECONDS).default(0),
  startAt: Time.optional(),
  endAt: Time.optional(),
});

/** The job of each occurrence is written into the item of the schedule, and read whenever that is due. */
const MAX_JOB_BYTES = 32 * 1024;
const FIVE_YEARS_MS = 5 * 366 * 86_400_000;
/** Parts of a job that the schedule decides. */
const OWN_FIELDS = ['idempotencyKey', 'runAt', 'delaySeconds', 'action'];

export type ParsedDefinition =
  | { readonly kind: 'defined'; readonly definition: Definition; readonly request: RequestOf }
  | { readonly kind: 'refused'; readonly problem: Problem };
type RequestOf = Extract<ParsedSubmission, { readonly kind: 'submit' }>['request'];

/** Never throws. @param tenantId whose jobs they will be, from the caller's credential */
export function parseDefinition(body: string, tenantId: string, nowMs: number): ParsedDefinition {
  const read = readBody(body);
  if (read.kind === 'refused') return read;
  const parsed = DefinitionBody.safeParse(read.fields, inOurWords);
  if (!parsed.success) {
    const names = { known: Object.keys(DefinitionBody.shape), reserved: [], forbidden: [] };
    return refused(explain(parsed.error, read.fields, names));
  }
  const { startAt, endAt, ...rest } = parsed.data;
  const definition = {
    ...rest,
    ...(startAt === undefined ? {} : { startAt }),
    ...(endAt === undefined ? {} : { endAt }),
  };
  const wrong = timeProblem(definition, nowMs);
  if (wrong !== undefined) return refused(wrong);
  const job = parseJob(definition, tenantId);
  if (job.kind === 'refused') return refused(withinJob(job.problem));
  return { kind: 'defined', definition, request: job.request };
}

function timeProblem(definition: Definition, nowMs: number): Problem | undefined {
  const calendar = boundedCalendar(definition);
  if ('code' in calendar) return calendar;
  const { startAt, endAt } = definition;
  if (startAt !== undefined && endAt !== undefined && Date.parse(endAt) < Date.parse(startAt))
    return problem('time_range', '/endAt', 'Expected a time that is not before startAt.');
  const first = calendar.next(nowMs);
  if (first !== undefined && first - nowMs <= FIVE_YEARS_MS) return undefined;
  const bounds = startAt === undefined && endAt === undefined ? '' : ', between startAt and endAt';
  return problem(
    'cron_never',
    '/cron',
    `Expected an occurrence within the next five years${bounds}, found none.`,
  );
}

/** As the body of a submission, so that a schedule takes what the front queue takes, and refuses it in the same words. */
function parseJob({ job, overlap }: Definition, tenantId: string): ParsedSubmission {
  const own = OWN_FIELDS.find((field) => field in job);
  if (own !== undefined)
    return refused(problem('field_forbidden', `/${own}`, `The schedule decides ${own}; leave it out.`));
  if (overlap === 'queue' && 'concurrencyKey' in job) {
    const message = 'With overlap "queue" the key is the schedule itself; leave it out.';
    return refused(problem('field_forbidden', '/concurrencyKey', message));
  }
  const text = JSON.stringify(job);
  const bytes = bytesOf(text);
  if (bytes > MAX_JOB_BYTES)
    return refused(problem('body_too_large', '', `Expected at most ${MAX_JOB_BYTES} bytes, found ${bytes}.`));
  return parseSubmission(text, { tenantId, idempotencyKey: 'occurrence' });
}

/** The pointer of a refusal of the job, within the schedule. */
export function withinJob(refusal: Problem): Problem {
  const outside = refusal.pointer === '/tenantId' && refusal.code !== 'field_forbidden';
  return outside ? { ...refusal, pointer: '' } : { ...refusal, pointer: `/job${refusal.pointer}` };
}

function refused(problem: Problem): { kind: 'refused'; problem: Problem } {
  return { kind: 'refused', problem };
}

/** Whether two definitions say the same: a repeated request changes nothing. */
export function isSameDefinition(a: Definition, b: Definition): boolean {
  return canonical(pick(a)) === canonical(pick(b));
}

const pick = ({
  cron,
  timeZone,
  job,
  overlap,
  catchUp,
  catchUpSeconds,
  jitterSeconds,
  startAt,
  endAt,
}: Definition) => ({
  ...{ cron, timeZone, job, overlap, catchUp, catchUpSeconds, jitterSeconds, startAt, endAt },
});

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, each: unknown) =>
    isObject(each) && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
