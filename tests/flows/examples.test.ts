/** Programs that know nothing of AWS, registered in job-types.ts alone: from the message to the webhook. */
import { join } from 'node:path';
import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { JobRecord } from '../../domain/job/job.ts';
import { copyOfRegistry } from '../support/registry-copy.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';

const image = (name: string) => `registry.example.com/${name}:1`;
const type = (id: string, name: string, program: readonly string[]) => `{
  id: '${id}',
  summary: 'An example.',
  input: z.looseObject({}),
  queue: 'standard',
  timeoutSeconds: { default: 300, max: 900 },
  retry: { maxAttempts: 1, backoff: { initialSeconds: 1, factor: 1, maxSeconds: 1 } },
  exitCodes: workerExitCodes,
  promisesResult: true,
  container: {
    image: { uri: '${image(name)}', architecture: 'arm64', folder: '.build/examples/${name}' },
    command: ${JSON.stringify(['./headgate-exec', ...program])},
    size: { vcpus: 0.25, memoryMiB: 512 },
    writable: true,
  },
},`;

/** It goes on until its end is asked for. */
const WAITING =
  'trap "exit 75" TERM; echo begins; n=0; while sleep 1; do n=$((n+1)); printf "{\\"done\\":$n}\\n" >>"$HEADGATE_PROGRESS"; done';

const registry = copyOfRegistry();
let stack: Stack;
beforeAll(async () => {
  const types = [
    type('sums.python', 'python', ['python3', 'main.py']),
    type('count.shell', 'shell', ['sh', 'count.sh']),
    type('wait.shell', 'shell', ['sh', '-c', WAITING]),
  ];
  expect(registry.buildWith(types.join('\n'))).toMatchObject({ status: 0, stderr: '' });
  const images = Object.fromEntries(
    ['python', 'shell'].map((name) => [image(name), join(registry.folder, '.build/examples', name)]),
  );
  stack = await startStack({ template: registry.template, bundles: registry.bundles, images });
  await stack.addTenant('acme');
}, 600_000);
afterAll(async () => {
  await stack.close();
  registry.remove();
});

const send = (jobType: string, idempotencyKey: string, input: object) =>
  stack.send({ specVersion: '1', tenantId: 'acme', jobType, idempotencyKey, input });

it('a Python program gets its input, and its result is told to the tenant', async () => {
  await send('sums.python', 'sums', { numbers: [1, 2, 3] });
  const job = await stack.ended('acme', 'sums');
  expect(job).toMatchObject({ state: 'succeeded', attempt: 1, result: { inline: { count: 3, sum: 6 } } });
  expect((await stack.webhookFor(job.jobId)).event?.data).toMatchObject({ result: { inline: { sum: 6 } } });
});

it('a shell script of ten lines does the same, and what it prints is in the log of its attempt', async () => {
  await send('count.shell', 'count', { text: 'é' });
  const job = await stack.ended('acme', 'count');
  expect(job).toMatchObject({ state: 'succeeded', result: { inline: { bytes: 13 } } });
  expect(await printedBy(job)).toContain('read 13 bytes');
});

/** What is in the log of its first attempt, as soon as there is something. */
async function printedBy({ endedAttempts }: JobRecord): Promise<(string | undefined)[]> {
  const [{ logStream } = {}] = endedAttempts;
  const { AWS_REGION: region = '' } = stack.cloud.environment;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const logs = new CloudWatchLogsClient({ endpoint: stack.cloud.endpoint, region, credentials });
  const events = await until('the log', async () => {
    const { events = [] } = await logs.send(
      new GetLogEventsCommand({
        logGroupName: stack.cloud.outputs['WorkerLogGroupName'],
        logStreamName: logStream,
      }),
    );
    return events.length > 0 ? events : undefined;
  });
  return events.map(({ message }) => message);
}

it('a Python program that refuses its input fails for good, and says in its log why', async () => {
  await send('sums.python', 'words', { numbers: ['one'] });
  const job = await stack.ended('acme', 'words');
  expect(job).toMatchObject({ state: 'failed', attempt: 1, failure: { code: 'input_rejected' } });
  expect(await printedBy(job)).toContain('expected numbers alone');
});

it.each([
  ['Python program', 'sums.python', { numbers: Array(1000).fill(1), secondsEach: 0.1 }],
  ['shell script', 'wait.shell', {}],
])('progress of a %s is on the record while it runs, and a cancel ends it', async (_, jobType, input) => {
  await send(jobType, `long-${jobType}`, input);
  await until(
    'progress',
    async () => ((await stack.job('acme', `long-${jobType}`))?.progress?.done ?? 0) > 0 || undefined,
  );
  await stack.send({
    specVersion: '1',
    action: 'job.cancel',
    tenantId: 'acme',
    idempotencyKey: `long-${jobType}`,
  });
  expect(await stack.ended('acme', `long-${jobType}`)).toMatchObject({ state: 'cancelled' });
});
