/**
 * A service in a process of its own, to be killed: takes a store file and job requests, runs them, and prints
 * `ready` when all are as far as asked. It hands over no event.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createBatch } from '../../../../local/batch/batch.ts';

const [path = '', ending = 'wait', script = ''] = process.argv.slice(2);
const batch = createBatch({
  region: 'us-east-1',
  store: new DatabaseSync(path),
  clock: { now: () => Date.now() },
  emit: () => new Promise(() => undefined),
  logs: { open: () => undefined, write: () => undefined },
  imageSource: () => ({ kind: 'folder', directory: join(import.meta.dirname, '../image') }),
  containerEnvironment: () => ({}),
  report: () => undefined,
});

async function call(operation: string, body: Record<string, unknown>): Promise<Record<string, unknown>> {
  const answer = await batch.handle({ method: 'POST', path: `/v1/${operation}`, headers: {}, body });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body as Record<string, unknown>; // every operation used here answers an object
}

await call('createcomputeenvironment', {
  computeEnvironmentName: 'environment',
  type: 'MANAGED',
  computeResources: { type: 'FARGATE', maxvCpus: 1, subnets: ['subnet-1'], securityGroupIds: ['sg-1'] },
});
await call('createjobqueue', {
  jobQueueName: 'queue',
  priority: 1,
  computeEnvironmentOrder: [{ order: 1, computeEnvironment: 'environment' }],
});
const definition = (jobDefinitionName: string, command: string[]) => ({
  jobDefinitionName,
  type: 'container',
  platformCapabilities: ['FARGATE'],
  containerProperties: {
    image: 'image',
    executionRoleArn: 'arn:aws:iam::000000000000:role/execution',
    command,
    resourceRequirements: [
      { type: 'VCPU', value: '1' },
      { type: 'MEMORY', value: '2048' },
    ],
  },
});
await call('registerjobdefinition', definition('long', ['node', '-e', script]));
await call('registerjobdefinition', definition('short', ['node', '-e', '']));

await batch.start();
const submit = async (jobDefinition: string, attempts: number) => {
  const request = { jobName: 'job', jobQueue: 'queue', jobDefinition, retryStrategy: { attempts } };
  return String((await call('submitjob', request))['jobId']);
};
const running = await submit('long', 2);
const status = async () => {
  const { jobs } = await call('describejobs', { jobs: [running] });
  return (jobs as readonly { readonly status: string }[])[0]?.status; // as the operation answers
};
while ((await status()) !== 'RUNNING') await new Promise((resolve) => setTimeout(resolve, 10));
const waiting = await submit('short', 1);
process.stdout.write(`ready ${running} ${waiting}\n`);
if (ending === 'exit') process.exit(0);
setTimeout(() => undefined, 300_000);
