/**
 * Jobs that do nothing, from the front queue to a verified webhook, in the embedded cloud as `npm start` runs it: jobs a
 * second, CPU time of all its processes for each, and their memory. The limits of AWS Batch's calls are raised out of the
 * way, in the stack and in the embedded Batch.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { awsClients } from '../demo/clients.ts';
import { openInbox } from '../demo/inbox.ts';
import { imageFolders, tenants } from '../demo/sample.ts';
import { outputOf, seedTenants } from '../demo/seed.ts';
import { startCloud } from '../local/cloud.ts';
import { build, built } from '../tools/build.ts';
import type { Outcome } from './figure.ts';
import { usageOf } from './processes.ts';

const WARM_UP = 100;
const JOBS = 500;
const BARS = { jobsPerSecond: 100, cpuMs: 15, memoryMB: 600 } as const;

export async function* laptop(): AsyncGenerator<Outcome> {
  if (!existsSync('/proc/self/stat'))
    return yield { name: 'laptop', skipped: 'CPU time of processes is read from /proc' };
  await build();
  const secrets = new Map<string, string>(
    tenants.map((id) => [id, `whsec_${randomBytes(32).toString('base64')}`]),
  );
  const arrivals = new EventTarget();
  const seen = new Set<string>();
  const inbox = await openInbox(secrets, ({ webhookId, verified }) => {
    if (verified) seen.add(webhookId);
    arrivals.dispatchEvent(new Event('arrival'));
  });
  const cloud = await startCloud({
    template: built.template,
    bundles: built.functions,
    images: imageFolders,
    parameters: { MaxvCpus: '2', BatchCallsPerSecond: '1000' },
    submitJobsPerSecond: Number.POSITIVE_INFINITY,
    functionEnvironment: { WEBHOOK_ALLOWED_ORIGINS: inbox.origin },
    port: 0,
    report: () => undefined,
    output: () => undefined,
  });
  const clients = awsClients(cloud.environment);
  try {
    await seedTenants(clients, cloud.outputs, secrets, inbox);
    const front = outputOf(cloud.outputs, 'FrontQueueUrl');
    const run = async (name: string, count: number) => {
      const before = seen.size;
      for (let from = 0; from < count; from += 10)
        await clients.sqs.send(
          new SendMessageBatchCommand({
            QueueUrl: front,
            Entries: messages(name, from, Math.min(10, count - from)),
          }),
        );
      while (seen.size < before + count)
        await once(arrivals, 'arrival', { signal: AbortSignal.timeout(60_000) });
    };
    await run('warm', WARM_UP);
    const before = usageOf(process.pid);
    const startedAtMs = performance.now();
    await run('job', JOBS);
    const seconds = (performance.now() - startedAtMs) / 1000;
    const after = usageOf(process.pid);
    yield {
      name: 'laptop speed',
      value: JOBS / seconds,
      unit: 'jobs/s',
      bar: BARS.jobsPerSecond,
      better: 'more',
    };
    yield {
      name: 'laptop CPU',
      value: (after.cpuMs - before.cpuMs) / JOBS,
      unit: 'CPU-ms/job',
      bar: BARS.cpuMs,
    };
    yield { name: 'laptop memory', value: after.memoryMB, unit: 'MB', bar: BARS.memoryMB };
  } finally {
    clients.close();
    await cloud.close();
    await inbox.close();
  }
}

function messages(name: string, from: number, count: number) {
  return Array.from({ length: count }, (_, i) => {
    const tenantId = tenants[(from + i) % tenants.length];
    const body = {
      specVersion: '1',
      tenantId,
      jobType: 'demo.sleep',
      idempotencyKey: `${name}-${from + i}`,
      input: { seconds: 0 },
    };
    return { Id: String(i), MessageBody: JSON.stringify(body), MessageGroupId: tenantId };
  });
}
