/** What `headgate/testing` gives to the tests of a service, and how the clock of a laptop moves. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { JobView } from '../../domain/reading/job-view.ts';
import { type Headgate, type Job, startHeadgate } from '../../testing/index.cjs';
import { runCommand } from '../support/command.ts';

jest.setTimeout(60_000);

let headgate: Headgate;
beforeAll(async () => {
  headgate = await startHeadgate({ tenants: ['acme'] });
}, 120_000);
afterAll(() => headgate.stop());

const sleep = (more: object = {}) =>
  headgate.submit({ tenantId: 'acme', jobType: 'demo.sleep', input: { seconds: 0 }, ...more });

test('a job is waited for until its end, and its webhook has arrived with a signature that verifies', async () => {
  const submission = await sleep();
  const job = await headgate.waitFor(submission, 'succeeded');
  expect(job).toMatchObject({ id: submission.jobId, tenantId: 'acme', state: 'succeeded', attempt: 1 });
  expect(await headgate.waitForWebhook(submission, 'job.succeeded')).toMatchObject({
    verified: true,
    data: { jobId: submission.jobId },
  });
});

test('an input is read from the folder of its tenant, and the result is there', async () => {
  const csv = await headgate.upload('acme', 'n.csv', 'n\n1\n2\n');
  const submission = await headgate.submit({ tenantId: 'acme', jobType: 'csv.summarise', input: { csv } });
  const { result } = await headgate.waitFor(submission, 'succeeded');
  expect(result?.inline).toMatchObject({ rows: 2 });
});

test('a wait for another end than that of the job says how it ended', async () => {
  const csv = `s3://${headgate.outputs['JobsBucketName']}/tenants/acme/inputs/never.csv`;
  const submission = await headgate.submit({ tenantId: 'acme', jobType: 'csv.summarise', input: { csv } });
  await expect(headgate.waitFor(submission, 'succeeded')).rejects.toThrow(
    /Expected succeeded: job_\w+ is failed, invalid_input input_not_found: An object that the input names/,
  );
});

test('a refused message fails the wait with its code and reason', async () => {
  const submission = await sleep({ prioirty: 'high' });
  await expect(headgate.waitFor(submission, 'succeeded')).rejects.toThrow(
    /^The message was refused, field_unknown: .*Did you mean/,
  );
});

test('a delayed job waits until the clock is moved, by the test or by the command', async () => {
  const startsAt = new Date((await headgate.clock.now()).getTime() + 5 * 3_600_000).toISOString();
  const submission = await sleep({ runAt: startsAt });
  await headgate.waitFor(submission, 'scheduled');
  const before = await headgate.clock.now();
  const { out } = await runCommand({ cloud: headgate }, 'clock', 'advance', '3h', '--json');
  expect(JSON.parse(out)).toMatchObject({ aheadSeconds: 3 * 3600 });
  expect((await headgate.job(submission.jobId))?.state).toBe('scheduled');
  const after = await headgate.clock.advance('2h5m');
  expect(after.getTime() - before.getTime()).toBeGreaterThanOrEqual((5 * 60 + 5) * 60_000);
  await headgate.waitFor(submission, 'succeeded');
});

test('time does not go back, and a wrong time is refused in a sentence', async () => {
  await expect(headgate.clock.advance('2 hours')).rejects.toThrow(
    'a time such as 90s, 2h or 7d, found 2 hours',
  );
  await expect(headgate.clock.advance(-1)).rejects.toThrow('Expected whole milliseconds');
});

/** What is promised of a job in the types of the package is what the view has. */
const promised: (view: JobView) => Job = (view) => view;
test('the types of the package are those of the views', () => expect(promised).toBeInstanceOf(Function));
