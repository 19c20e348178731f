/** `headgate job`: one job, and why it is where it is. */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { trial } from '../../application/tenant/trial.ts';
import { JOB_ID } from '../../domain/job/ids.ts';
import { logUrl } from '../../domain/job/log-link.ts';
import { rowOf } from '../../domain/tenant/waiting.ts';
import { waitText, whyWaiting } from '../../domain/tenant/why.ts';
import { jobTypes } from '../../job-types.ts';
import { misused, notFound } from '../program/stopped.ts';
import { type Noun, option, verb } from '../program/verb.ts';
import { placeOptions } from '../stack/place.ts';
import { withStack } from '../stack/stack.ts';
import { defaultCapOption } from '../tenant/settings.ts';

const why = verb({
  summary: 'why it has not begun, and how its attempts ended',
  argument: 'JOB',
  options: {
    id: { effect: '', schema: z.string().regex(JOB_ID, 'expected a job id') },
    ...defaultCapOption,
    'log-group': option(
      'NAME',
      "the stack's output WorkerLogGroupName: shows addresses of logs",
      z.string().min(1).optional(),
    ),
    ...placeOptions,
  },
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const records = await stack.records(values['default-cap']);
      const job = await records.jobs.get(values.id);
      if (job === undefined) throw notFound(`There is no job ${values.id}.`);
      const gate = (await records.gates.load([job.tenantId])).get(job.tenantId);
      const ahead = await records.waiting.count(job.tenantId, rowOf(job));
      const wait = whyWaiting(job, { gate, defaultCap: records.defaultCap, ahead });
      const region = await stack.region();
      const group = values['log-group'];
      const attempts = job.endedAttempts.map(({ attempt, failure, logStream }) => ({
        attempt,
        code: failure?.code,
        log: logStream && group ? logUrl({ region, group }, logStream) : logStream,
      }));
      context.output.show(
        [{ jobId: job.jobId, state: job.state, wait, why: waitText(wait), attempts }],
        (page) => {
          page.line(`${job.jobId} is ${job.state}: ${waitText(wait)}.`);
          for (const { attempt, code, log = 'none' } of attempts)
            page.line(
              `attempt ${attempt} ended ${code === undefined ? 'well' : `with ${code}`}; log: ${log}`,
            );
        },
      );
      return 'done';
    }),
});

const check = verb({
  summary: 'what would become of a message, without sending it',
  argument: 'FILE',
  options: {
    id: { effect: '', schema: z.string().min(1) },
    ...defaultCapOption,
    bucket: option(
      'NAME',
      'the bucket of the stage, for addresses in the input',
      z.string().min(3).optional(),
    ),
    ...placeOptions,
  },
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const body = await readFile(values.id, 'utf8').catch(() => {
        throw misused(`FILE: expected a file that can be read, found none at ${values.id}.`);
      });
      const verdict = await trial(await stack.records(values['default-cap']), body, values.bucket, jobTypes);
      context.output.show([{ verdict }], (page) => page.line(verdict));
      return 'done';
    }),
});

export const noun: Noun = { summary: 'jobs of tenants', verbs: { why, check } };
