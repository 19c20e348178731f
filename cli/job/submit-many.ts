/** `headgate job submit-many`: messages on the front queue, one for each line of a file. */
import { readFile } from 'node:fs/promises';
import { text as allOf } from 'node:stream/consumers';
import * as z from 'zod';
import { jobIdOf } from '../../application/job/identity.ts';
import { TenantId } from '../../domain/job/ids.ts';
import { type JobRequest, parseSubmission } from '../../domain/request/request.ts';
import { queue } from '../../io/aws/queues.ts';
import { misused, Stopped } from '../program/stopped.ts';
import { option, verb } from '../program/verb.ts';
import { findQueues } from '../stack/find.ts';
import { placeOptions } from '../stack/place.ts';
import { withStack } from '../stack/stack.ts';

export const submitMany = verb({
  summary: 'send a job for each line of a file',
  argument: 'FILE|-',
  options: {
    id: { effect: '', schema: z.string().min(1) },
    tenant: option('TENANT', 'whose jobs they are', TenantId),
    ...placeOptions,
  },
  details: `Each line is a message without tenantId, with its idempotencyKey:
{"jobType":"csv.summarise","idempotencyKey":"report-42","input":{"csv":"s3://…"}}

All lines are read before the first is sent: with one that cannot be a job nothing is sent. The same file may be sent again; its jobs are
found. What is printed are the ids that the jobs have when their messages have been taken.`,
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const requests = requestsIn(await linesOf(values.id), values.tenant);
      const { front } = await findQueues(stack.sqs(), stack.stage);
      await queue(stack.sqs(), front).send(
        requests.map((request) => ({ body: JSON.stringify(request), groupId: request.tenantId })),
      );
      const sent = requests.map(({ tenantId, idempotencyKey = '' }) => ({
        id: jobIdOf(tenantId, idempotencyKey),
        idempotencyKey,
      }));
      context.output.show(sent, (page) => {
        if (sent.length > 0)
          page.table(
            ['JOB', 'KEY'],
            sent.map(({ id, idempotencyKey }) => [id, idempotencyKey]),
          );
      });
      return 'done';
    }),
});

async function linesOf(file: string): Promise<string[]> {
  const text =
    file === '-'
      ? await allOf(process.stdin)
      : await readFile(file, 'utf8').catch(() => {
          throw misused(`FILE: expected a file that can be read, found none at ${file}.`);
        });
  return text.split('\n');
}

/** @throws Stopped with the number of the first line that intake would refuse */
function requestsIn(lines: readonly string[], tenantId: string): JobRequest[] {
  return lines.flatMap((line, i) => {
    if (line.trim() === '') return [];
    const parsed = parseSubmission(line, { tenantId });
    if (parsed.kind === 'submit') return [parsed.request];
    const { code, pointer, message } = parsed.problem;
    const place = pointer === '' ? '' : ` at ${pointer}`;
    throw new Stopped('refused', `${code}${place} in line ${i + 1}: ${message} Nothing was sent.`);
  });
}
