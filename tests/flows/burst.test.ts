/** Many jobs at once: late and repeated events must not undo a final state, and no job is forgotten. */
import { beforeAll, expect, it, jest } from '@jest/globals';
import { closedAfterAll } from '../support/closing.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';

jest.setTimeout(240_000);

const JOBS = 200;

let stack: Stack;
const opened = closedAfterAll();
beforeAll(async () => {
  stack = opened(await startStack());
  await stack.addTenant('acme');
});

it('two hundred jobs sent at once all come to the right end, and each is told once with a signature that verifies', async () => {
  const csv = await stack.upload('acme', 'small.csv', 'n\n1\n2\n');
  const missing = `s3://${stack.bucket}/tenants/acme/inputs/missing.csv`;
  const keys = Array.from({ length: JOBS }, (_, i) => `job-${i}`);
  const isMeantToFail = (i: number) => i % 10 === 9;
  await stack.send(
    ...keys.map((idempotencyKey, i) => ({
      specVersion: '1',
      tenantId: 'acme',
      jobType: 'csv.summarise',
      idempotencyKey,
      input: { csv: isMeantToFail(i) ? missing : csv },
    })),
  );

  const payload = await until(
    `${JOBS} webhooks`,
    async () =>
      new Set(stack.webhooks.map(({ event }) => event?.data.jobId)).size === JOBS
        ? stack.webhooks
        : undefined,
    200_000,
  );
  expect(payload.every(({ verified }) => verified)).toBe(true);

  const jobs = await Promise.all(keys.map((key) => stack.job('acme', key)));
  expect(jobs.map((job) => job?.state)).toEqual(
    keys.map((_, i) => (isMeantToFail(i) ? 'failed' : 'succeeded')),
  );
  expect(jobs.every((job) => job?.calls === 1 && job.attempt === 1)).toBe(true);
  await until('every job settled', async () => {
    const now = await stack.jobs.load(jobs.flatMap((job) => job?.jobId ?? []));
    return [...now.values()].every((job) => job.settled === true && job.dueAt === undefined)
      ? true
      : undefined;
  });
});
