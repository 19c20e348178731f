/** A tenant that leaves, through the packaged stack: by the command, with a job that still runs, until nothing is left. */

import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, expect, it, jest } from '@jest/globals';
import { isOver } from '../../domain/operation/operation.ts';
import { systemRandom } from '../../io/process/random.ts';
import { operationStore } from '../../io/table/operation/operations.ts';
import { table } from '../../io/table/table.ts';
import { closedAfterAll } from '../support/closing.ts';
import { runCommand } from '../support/command.ts';
import type { Stack } from '../support/stack.ts';
import { openFlow } from './flow.ts';
import type { Outside } from './outside.ts';

jest.setTimeout(240_000);

let stack: Stack;
let outside: Outside;
const opened = closedAfterAll();
beforeAll(async () => {
  ({ stack, outside } = await openFlow(opened));
});

const rows = async () => {
  const found: string[] = [];
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const page = await stack.clients.dynamo.send(
      new ScanCommand({ TableName: stack.cloud.physicalId('JobsTable'), ExclusiveStartKey }),
    );
    for (const item of page.Items ?? [])
      found.push(JSON.stringify(item, (_, value) => (value instanceof Set ? [...value] : value)));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return found;
};
const objectsOf = async (tenantId: string) => {
  const asked = { Bucket: stack.bucket, Prefix: `tenants/${tenantId}/` };
  return (await stack.clients.s3.send(new ListObjectsV2Command(asked))).Contents?.length ?? 0;
};

it('what a tenant had is gone, and what another has is there', async () => {
  await stack.addTenant('globex');
  const jobOf = (tenantId: string, csv: string) => ({
    specVersion: '1',
    tenantId,
    jobType: 'csv.summarise',
    idempotencyKey: 'first',
    input: { csv },
  });
  for (const tenantId of ['acme', 'globex']) {
    await stack.send(jobOf(tenantId, await stack.upload(tenantId, 'erased.csv', 'n\n1\n2\n')));
    const job = await stack.ended(tenantId, 'first');
    await stack.webhookFor(job.jobId);
    await outside.settled(job.jobId);
  }
  const sleep = { jobType: 'demo.sleep', idempotencyKey: 'long', input: { seconds: 3600 } };
  await stack.send({ specVersion: '1', tenantId: 'acme', ...sleep });
  await outside.turnUntil('a running container', 5000, async () =>
    (await stack.job('acme', 'long'))?.state === 'running' ? true : undefined,
  );

  const refused = await runCommand(stack, 'tenant', 'delete', 'acme', '--yes');
  expect([refused.code, refused.err]).toEqual([4, expect.stringContaining('jobs_unfinished')]);
  const begun = await runCommand(stack, 'tenant', 'delete', 'acme', '--unfinished', 'cancel', '--yes');
  expect([begun.code, begun.out]).toEqual([0, expect.stringContaining('is being erased')]);

  const items = table(stack.clients.dynamo, stack.cloud.physicalId('JobsTable'), systemRandom);
  const over = await outside.turnUntil('the end of the operation', 60_000, async () => {
    const [operation] = await operationStore(items).list();
    return operation !== undefined && isOver(operation) ? operation : undefined;
  });
  expect(over).toMatchObject({ state: 'finished', work: { kind: 'erase', tenantId: 'acme' } });
  const left = (await rows()).filter((text) => text.includes('acme') && !text.includes('"OPERATIONS"'));
  expect(left).toEqual([]);
  expect([await objectsOf('acme'), await objectsOf('globex')]).toEqual([0, 2]);
  expect(await stack.job('globex', 'first')).toMatchObject({ state: 'succeeded', settled: true });
});
