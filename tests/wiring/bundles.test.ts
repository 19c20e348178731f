/** What a function brings to Lambda: its size is its cold start. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { environmentOf } from '../../bench/environment.ts';
import { built } from '../../tools/build.ts';
import { LambdaFunction, resources } from '../support/template.ts';

/** A bare handler with the SDK clients of `track` has 405 KB, most of it clients. */
const MAX_BYTES = 530_000;
const OTHER_BYTES: Readonly<Record<string, number>> = {
  // Strangers can make it start cold. It sums receipts, reads logs, and reads cron expressions.
  ApiLambdaFunction: 640_000,
  // It reads cron expressions, encrypts the keys of endpoints, looks at queues and starts operations, and only operators
  // wait for it.
  OperateLambdaFunction: 703_000,
  // It has clients that no other function has, KMS and Lambda, and carries out operations: so it reads requests again, and
  // finds jobs, failures and deliveries. It walks through groups, too, and has the client of S3 for the lines and manifests of arrays.
  SubmitLambdaFunction: 840_000,
  // It carries the time zones and rules of schedules, reads logs, and has the client of S3 to erase tenants. It is woken every
  // minute, so it seldom starts cold.
  TickLambdaFunction: 750_000,
  // It uses clients that no other function has: KMS, STS, and S3 with its signer.
  WorkerApiLambdaFunction: 675_000,
};

/** Found in the code of a part that no function uses, and that one careless import brings in whole. */
const UNUSED: readonly (readonly [part: string, trace: string])[] = [
  ["zod's locales", 'Ungültige Eingabe'],
  [
    "the SDK's look for credentials in files and at a metadata service",
    'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  ],
  ['single sign-on', 'sso_start_url'],
  ['a signer for several Regions', 'Neither CRT nor JS SigV4a implementation is available'],
  ["zod's JSON Schema", 'BigInt cannot be represented'],
  ['the texts of the document of the API', 'Ask why a job has not begun'],
  ["the SDK's adaptive retries", 'enableTokenBucket'],
  ["the SDK's look for the Region of a machine", 'latest/meta-data/placement/region'],
];

describe.each(resources('AWS::Lambda::Function', LambdaFunction))('%s', (id, fn) => {
  const maxBytes = OTHER_BYTES[id] ?? MAX_BYTES;
  const bundle = join(built.functions, fn.Handler.replace(/\.handler$/, '.mjs'));

  it(`has at most ${maxBytes} bytes`, () => {
    expect(statSync(bundle).size).toBeLessThanOrEqual(maxBytes);
  });

  it('has in the benchmark all that its environment names', () => {
    const names = Object.keys(fn.Environment.Variables);
    expect(names.filter((name) => !Object.hasOwn(environmentOf(), name))).toEqual([]);
  });

  it.each(UNUSED)('does not carry %s', (_part, trace) => {
    expect(readFileSync(bundle, 'utf8')).not.toContain(trace);
  });
});
