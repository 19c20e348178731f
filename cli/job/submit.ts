/** `headgate job submit`: a message on the front queue, and what became of it. */
import * as z from 'zod';
import { fingerprintOf, jobIdOf } from '../../application/job/identity.ts';
import { problem } from '../../domain/errors.ts';
import { GroupId } from '../../domain/job/ids.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { type JobRequest, parseSubmission } from '../../domain/request/request.ts';
import { refusedBy } from '../program/stopped.ts';
import { type Context, flag, option, type Values, verb } from '../program/verb.ts';
import { placeOptions } from '../stack/place.ts';
import { type Records, type Stack, withStack } from '../stack/stack.ts';
import { showState, waitForEnd } from './act.ts';
import { bodyOf, fileText, requestOptions, senderOptions } from './request.ts';
import { sent } from './sending.ts';

const options = {
  ...senderOptions,
  input: option('JSON|@FILE|-', 'its input, a file with it, or standard input', z.string().min(1).optional()),
  'input-ref': option('s3://…', 'an object with the input', z.string().min(1).optional()),
  group: option('GROUP', 'to be a member of that group', GroupId.optional()),
  ...requestOptions,
  wait: flag('wait for its end, ten minutes at most; exit code 0 if it succeeded'),
  ...placeOptions,
};

export const submit = verb({
  summary: 'send a job, and say what became of it',
  argument: 'JOB_TYPE',
  options,
  details: `headgate job submit csv.summarise --tenant acme --key report-42 --input '{"csv":"s3://…"}'

The message takes the way of each message, by the front queue. A request that cannot be a job is refused before it is sent.`,
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const request = await requestOf(values);
      const records = await stack.records();
      const job = await send(request, values.key, stack, records, context);
      if (values.wait) return waitForEnd(records, job, WAIT_SECONDS, context);
      showState(context.output, job);
      return 'done';
    }),
});

const WAIT_SECONDS = 600;

/** @throws Stopped with the refusal that intake would write on its dead letter */
async function requestOf(values: Values<typeof options>): Promise<JobRequest> {
  const input = values.input === undefined ? undefined : await textOf(values.input);
  const body = bodyOf(values, { inputRef: values['input-ref'], group: values.group }, { input });
  const parsed = parseSubmission(body, { tenantId: values.tenant, idempotencyKey: values.key });
  if (parsed.kind === 'refused') throw refusedBy(parsed.problem);
  return parsed.request;
}

const textOf = async (input: string): Promise<string> =>
  input !== '-' && !input.startsWith('@') ? input : fileText(input.replace(/^@/, ''), '--input');

async function send(
  request: JobRequest,
  key: string,
  stack: Stack,
  { jobs }: Records,
  context: Context,
): Promise<JobRecord> {
  const jobId = jobIdOf(request.tenantId, key);
  const before = await jobs.get(jobId);
  if (before === undefined)
    return sent(request, { look: () => jobs.get(jobId), name: `job ${jobId}` }, stack, context);
  if (before.fingerprint === fingerprintOf(request)) return before;
  const sentence = `Expected the request of ${jobId}, which has this key, found another one.`;
  throw refusedBy(problem('idempotency_conflict', '/idempotencyKey', sentence));
}
