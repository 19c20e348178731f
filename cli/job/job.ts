/** `headgate job`: the jobs of tenants. */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { misused } from '../program/stopped.ts';
import { type Noun, option, verb } from '../program/verb.ts';
import { placeOptions } from '../stack/place.ts';
import { withStack } from '../stack/stack.ts';
import { defaultCapOption } from '../tenant/settings.ts';
import { cancel, redrive, wait } from './act.ts';
import { verdictOf } from './check.ts';
import { logs } from './logs.ts';
import { get, list, timeline, why } from './read.ts';
import { submit } from './submit.ts';
import { submitMany } from './submit-many.ts';

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
      const verdict = await verdictOf(await stack.records(values['default-cap']), body, values.bucket);
      context.output.show([{ verdict }], (page) => page.line(verdict));
      return 'done';
    }),
});

export const noun: Noun = {
  summary: 'jobs of tenants',
  verbs: { submit, 'submit-many': submitMany, check, list, get, timeline, why, logs, wait, cancel, redrive },
  details:
    'JOB is its id, or the first 8 characters of it: then it is looked for among the newest 1,000 jobs of each tenant.',
};
