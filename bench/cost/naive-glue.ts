/**
 * The same way without Headgate, as it is written in an afternoon: a function for the queue, a function for each event of AWS
 * Batch, one table with one index. It submits again when a message comes twice, writes states in the order in which events
 * arrive, retries no webhook, and holds no cap. What it costs is the peer of what a job costs here.
 */
import { GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { openCountedCloud, TABLE } from './cloud.ts';
import { type Counts, countingLog, nothing, perJob } from './meter.ts';

/** All that AWS Batch reports of a job that goes well; without a rule's pattern each is an invocation. */
const STATUSES = ['SUBMITTED', 'RUNNABLE', 'STARTING', 'RUNNING', 'SUCCEEDED'] as const;
const JOBS = 20;
const SIGNATURE_BYTES = 250;

export async function naiveCost(batchSize: number, inputBytes: number): Promise<Counts> {
  const counts = nothing();
  const cloud = await openCountedCloud(counts, { sent: () => undefined });
  const log = countingLog(counts, 'naive');
  const keyOf = (id: string) => ({ pk: `JOB#${id}`, sk: 'JOB' });

  const put = async (id: string) => {
    const input = { text: 'x'.repeat(inputBytes) };
    const job = { tenantId: 'acme', jobType: 'bench.text', input, status: 'NEW', createdAt: 1 };
    await cloud.db.send(new PutCommand({ TableName: TABLE, Item: { ...keyOf(id), ...job } }));
    counts.calls += 1; // SubmitJob
    await set(id, 'SUBMITTED', { runId: '0f0f0f0f-0000-4000-8000-000000000000' });
    log.info('submitted', { id });
  };
  const set = (id: string, status: string, more: object = {}) => {
    const fields = Object.entries({ status, updatedAt: 1, ...more });
    return cloud.db.send(
      new UpdateCommand({
        TableName: TABLE,
        Key: keyOf(id),
        UpdateExpression: `SET ${fields.map(([name]) => `#${name} = :${name}`).join(', ')}`,
        ExpressionAttributeNames: Object.fromEntries(fields.map(([name]) => [`#${name}`, name])),
        ExpressionAttributeValues: Object.fromEntries(fields.map(([name, value]) => [`:${name}`, value])),
      }),
    );
  };
  const hear = async (id: string, status: string) => {
    counts.invocations += 1;
    await set(id, status);
    log.info('status', { id, status });
    if (status !== 'SUCCEEDED') return;
    await cloud.db.send(new GetCommand({ TableName: TABLE, Key: keyOf(id) }));
    await cloud.db.send(
      new QueryCommand({
        TableName: TABLE,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': 'TENANT#acme' },
      }),
    );
    counts.webhookBytes += SIGNATURE_BYTES + JSON.stringify({ id, status }).length;
    await set(id, status, { notifiedAt: 1 });
  };

  try {
    const ids = Array.from({ length: JOBS }, (_, i) => `order-${i}`);
    for (let from = 0; from < JOBS; from += batchSize) {
      counts.invocations += 1;
      counts.queueRequests += 2;
      counts.receives += Math.min(batchSize, JOBS - from);
      for (const id of ids.slice(from, from + batchSize)) await put(id);
    }
    for (const id of ids) for (const status of STATUSES) await hear(id, status);
    return perJob(counts, JOBS);
  } finally {
    await cloud.close();
  }
}
