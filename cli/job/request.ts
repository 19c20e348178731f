/** What a request for one job and for an array have in common on the command line. */
import { readFile } from 'node:fs/promises';
import { text as allOf } from 'node:stream/consumers';
import * as z from 'zod';
import {
  Condition,
  type Dependency,
  groupNamed,
  OnDependencyFailure,
} from '../../domain/dependency/dependency.ts';
import { IdempotencyKey, JOB_ID, JobTypeId, TenantId } from '../../domain/job/ids.ts';
import { Priority } from '../../domain/job/priority.ts';
import { whole } from '../program/numbers.ts';
import { misused } from '../program/stopped.ts';
import { option, type Values } from '../program/verb.ts';

const seconds = whole('a whole number of seconds');
const Tag = z
  .string()
  .regex(/^[^=]+=.*$/, 'expected NAME=VALUE')
  .transform((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)] as const);

/** A key may have an equals sign itself; only a condition behind the last one is one. */
const Other = z.string().transform((text): Dependency => {
  const at = text.lastIndexOf('=');
  const condition = at < 0 ? undefined : Condition.safeParse(text.slice(at + 1)).data;
  const name = condition === undefined ? text : text.slice(0, at);
  const group = groupNamed(name);
  const named =
    group === undefined ? { ...(JOB_ID.test(name) ? { jobId: name } : { idempotencyKey: name }) } : { group };
  return condition === undefined ? named : { ...named, condition };
});

/** Of the sender. */
export const senderOptions = {
  id: { effect: '', schema: JobTypeId },
  tenant: option('TENANT', 'whose job it is', TenantId),
  key: option('KEY', 'idempotency key: the same key with the same request is the same job', IdempotencyKey),
};

export const requestOptions = {
  priority: option('PRIORITY', 'low, normal, high or urgent', Priority.optional()),
  'run-at': option('TIME', 'not to begin before', z.string().min(1).optional()),
  'delay-seconds': option('N', 'not to begin for so long', seconds.optional()),
  'ttl-seconds': option('N', 'to expire when it has not begun by then', seconds.optional()),
  'deadline-seconds': option('N', 'for all attempts and waits together', seconds.optional()),
  'timeout-seconds': option('N', 'for each attempt', seconds.optional()),
  'concurrency-key': option('KEY', 'jobs of one such key run one at a time', z.string().min(1).optional()),
  tag: option('NAME=VALUE', 'a tag; may be repeated', z.array(Tag).optional()),
  metadata: option('JSON', 'repeated in each webhook', z.string().min(1).optional()),
  'depends-on': option(
    'KEY|JOB|group:GROUP[=CONDITION]',
    'to begin after that job or group has succeeded, finished or failed; may be repeated',
    z.array(Other).optional(),
  ),
  'on-dependency-failure': option(
    'fail|hold',
    'when one that was to succeed has failed',
    OnDependencyFailure.optional(),
  ),
  'dependency-timeout-seconds': option('N', 'to fail when they have not ended by then', seconds.optional()),
};

/**
 * The body of a message. Texts that are JSON stay texts: how JSON is read is the message's own affair, with its rules for keys and
 * numbers.
 *
 * @param own the fields that only this kind of request has
 * @param texts those of them that are JSON already
 */
export function bodyOf(
  values: Values<typeof requestOptions> & { readonly id: string },
  own: Readonly<Record<string, unknown>>,
  texts: Readonly<Record<string, string | undefined>>,
): string {
  const fields = {
    jobType: values.id,
    priority: values.priority,
    runAt: values['run-at'],
    delaySeconds: values['delay-seconds'],
    ttlSeconds: values['ttl-seconds'],
    deadlineSeconds: values['deadline-seconds'],
    timeoutSeconds: values['timeout-seconds'],
    concurrencyKey: values['concurrency-key'],
    tags: values.tag && Object.fromEntries(values.tag),
    dependsOn: values['depends-on'],
    onDependencyFailure: values['on-dependency-failure'],
    dependencyTimeoutSeconds: values['dependency-timeout-seconds'],
    ...own,
  };
  const given = Object.entries({ ...texts, metadata: values.metadata }).flatMap(([name, text]) =>
    text === undefined ? [] : [`"${name}":${text}`],
  );
  return `{${[JSON.stringify(fields).slice(1, -1), ...given].join(',')}}`;
}

/** @param given a file, or `-` for standard input. @param name of the option, for the reader */
export async function fileText(given: string, name: string): Promise<string> {
  if (given === '-') return allOf(process.stdin);
  return readFile(given, 'utf8').catch(() => {
    throw misused(`${name}: expected a file that can be read, found none at ${given}.`);
  });
}
