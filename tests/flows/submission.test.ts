/** SubmitJob has no client token and its answers get lost: still one Batch job does the work of each attempt. */
import { SubmitJobCommand } from '@aws-sdk/client-batch';
import { afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { jobIdOf } from '../../application/job/identity.ts';
import { errorCatalogue } from '../../domain/errors.ts';
import { systemRandom } from '../../io/process/random.ts';
import { gateStore } from '../../io/table/gates.ts';
import { table } from '../../io/table/table.ts';
import type { BatchFaults } from '../../local/batch/batch.ts';
import { closedAfterAll } from '../support/closing.ts';
import type { Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import type { Containers } from './containers.ts';
import { openFlow } from './flow.ts';
import { eventTypesOf, type Outside } from './outside.ts';

jest.setTimeout(120_000);

let containers: Containers;
let stack: Stack;
let outside: Outside;
let faults: BatchFaults;
let csv: string;
const opened = closedAfterAll();
beforeAll(async () => {
  ({ containers, stack, outside, faults, csv } = await openFlow(opened));
});
afterEach(async () => {
  delete faults.submit;
  delete faults.event;
  delete faults.listLag;
  await outside.capacity('there');
});

const summarise = (idempotencyKey: string) => ({
  specVersion: '1',
  tenantId: 'acme',
  jobType: 'csv.summarise',
  idempotencyKey,
  input: { csv },
});
const sleep = (idempotencyKey: string) => ({
  ...summarise(idempotencyKey),
  jobType: 'demo.sleep',
  input: { seconds: 0 },
});

/** What each further SubmitJob meets; after the last one they are accepted. */
function answersOfBatch(...answers: ReturnType<NonNullable<BatchFaults['submit']>>[]) {
  faults.submit = () => answers.shift() ?? 'accept';
}

it.each(['lose_reply', 'error'] as const)(
  'a job that Batch accepted although the call ended with "%s" runs once, adopted from what is heard of it next (F10, F18)',
  async (fault) => {
    await outside.schedule('rest');
    answersOfBatch(fault, fault);
    const keys = [`heard-${fault}`, `slept-${fault}`];
    await stack.send(summarise(keys[0] ?? ''), sleep(keys[1] ?? ''));
    for (const key of keys) {
      const job = await stack.ended('acme', key);
      expect(job).toMatchObject({ state: 'succeeded', attempt: 1, calls: 1 });
      expect(await outside.batchJobs(job.jobId)).toMatchObject([{ jobId: job.runId }]);
    }
    await outside.schedule('run');
  },
);

it('a job whose reply and events are all lost is found by its name when the call can no longer be travelling (F10)', async () => {
  answersOfBatch('lose_reply');
  faults.event = () => 'drop';
  await stack.send(sleep('silent'));
  const jobId = jobIdOf('acme', 'silent');
  await until('the call to have been made', async () =>
    (await outside.batchJobs(jobId)).at(0)?.status === 'SUCCEEDED' ? true : undefined,
  );
  expect(await stack.jobs.get(jobId)).toMatchObject({ state: 'submitting', callOpen: true });

  const found = await outside.turnUntil('the job to be found', 5000, async () => {
    const job = await stack.jobs.get(jobId);
    return job?.runId === undefined ? undefined : job;
  });
  expect(found).toMatchObject({ state: 'submitted', calls: 1 });
  const job = await outside.turnUntilEnded('acme', 'silent', 60_000);
  expect(job).toMatchObject({ state: 'succeeded', attempt: 1, calls: 1 });
  expect(await outside.batchJobs(jobId)).toHaveLength(1);
});

it('a job whose reply and events are all lost is known again by the claim of its container', async () => {
  answersOfBatch('lose_reply');
  faults.event = () => 'drop';
  await stack.send(summarise('claimed'));
  const running = await until('the result', async () => {
    const job = await stack.job('acme', 'claimed');
    return job?.result === undefined ? undefined : job;
  });
  expect(running).toMatchObject({ state: 'running', calls: 1, claim: { runId: running.runId } });
  expect(await outside.turnUntilEnded('acme', 'claimed', 60_000)).toMatchObject({
    state: 'succeeded',
    attempt: 1,
    calls: 1,
    result: running.result,
  });
});

it('throttling costs no attempt, and no receive however often it happens (F17, F61)', async () => {
  const MORE_THAN_RECEIVES = 7;
  answersOfBatch(...Array.from({ length: MORE_THAN_RECEIVES }, () => 'throttle' as const));
  await stack.send(summarise('throttled'));
  const job = await outside.turnUntilEnded('acme', 'throttled', 5000);
  expect(job).toMatchObject({ state: 'succeeded', attempt: 1, calls: MORE_THAN_RECEIVES + 1 });
  expect(await outside.batchJobs(job.jobId)).toHaveLength(1);
  expect(await outside.depth('SubmitDeadLetterQueue')).toBe(0);
});

it("a job that Batch refuses for its size has failed, its tenant reads our sentence and its operator Batch's (F19)", async () => {
  answersOfBatch('refuse');
  await stack.send(summarise('refused'));
  const job = await stack.ended('acme', 'refused');
  expect(job).toMatchObject({
    state: 'failed',
    attempt: 1,
    calls: 1,
    failure: {
      class: 'invalid_input',
      code: 'batch_refused',
      message: errorCatalogue.batch_refused.meaning,
      reason: expect.stringContaining('refused by an injected fault'),
    },
  });
  expect((await outside.letterOf(job.jobId)).attributes).toMatchObject({
    code: 'batch_refused',
    reason: errorCatalogue.batch_refused.meaning,
    cause: job.failure?.reason,
    attempts: '1',
  });
  await outside.settled(job.jobId);
  expect(await eventTypesOf(stack, job.jobId)).toEqual(['job.failed']);
});

it('jobs for a disabled queue wait without a slot, other jobs of the tenant run meanwhile, and the end of it runs all (F71)', async () => {
  await stack.addTenant('globex');
  const gates = gateStore(table(stack.clients.dynamo, stack.cloud.physicalId('JobsTable'), systemRandom));
  expect(await gates.set('globex', undefined, { cap: 1 }, Date.now())).toBe('written');
  const ofGlobex = (job: object) => ({ ...job, tenantId: 'globex' });
  const csvOfGlobex = await stack.upload('globex', 'n.csv', 'n\n1\n2\n');
  await outside.queue('StandardJobQueue', 'DISABLED');
  await stack.send(ofGlobex(sleep('held-1')), ofGlobex(sleep('held-2')));
  for (const key of ['held-1', 'held-2']) {
    const held = await outside.turnUntil('the refusal to be on the record', 1000, async () => {
      const job = await stack.job('globex', key);
      return job?.platformWait === undefined ? undefined : job;
    });
    expect(held).toMatchObject({ state: 'waiting', waitReason: 'platform_unavailable', endedAttempts: [] });
    expect(held.failure).toMatchObject({
      class: 'platform',
      code: 'platform_unavailable',
      reason: expect.stringMatching(/ClientException: .*is disabled/),
    });
  }
  await stack.send(ofGlobex({ ...summarise('meanwhile'), input: { csv: csvOfGlobex } }));
  const other = await outside.turnUntilEnded('globex', 'meanwhile', 1000);
  expect(other).toMatchObject({ state: 'succeeded', hasSlot: true });

  await outside.queue('StandardJobQueue', 'ENABLED');
  for (const key of ['held-1', 'held-2']) {
    const job = await outside.turnUntilEnded('globex', key, 15_000);
    expect(job).toMatchObject({ state: 'succeeded' });
    for (const gone of ['platformWait', 'failure']) expect(job).not.toHaveProperty(gone);
    await outside.settled(job.jobId);
  }
  expect(JSON.stringify(stack.webhooks)).not.toMatch(/arn:aws|RequestId|\d{12}\.dkr/);
});

it('a job for a queue that stays disabled ends with its deadline, for a fault of the platform (F71, F74)', async () => {
  await outside.queue('StandardJobQueue', 'DISABLED');
  await stack.send({ ...sleep('never'), deadlineSeconds: 120 });
  const job = await outside.turnUntilEnded('acme', 'never', 15_000);
  await outside.queue('StandardJobQueue', 'ENABLED');
  expect(job).toMatchObject({
    state: 'failed',
    failure: {
      class: 'platform',
      code: 'deadline_exceeded',
      message: errorCatalogue.deadline_exceeded.meaning,
      reason: expect.stringMatching(/ClientException: .*is disabled/),
    },
  });
  expect(await outside.batchJobs(job.jobId)).toEqual([]);
  const told = await stack.webhookFor(job.jobId);
  expect(JSON.stringify(told.event)).not.toMatch(/disabled|arn:aws|RequestId/);
});

it.each([
  ['is refused by its claim when nothing is heard of it (F49)', 'unheard'],
  ['is ended before it claims when its event is heard first (F65)', 'heard'],
])('a second container of an attempt %s, and the result is the first one’s', async (_, how) => {
  const jobId = jobIdOf('acme', `twin-${how}`);
  containers.willHold(jobId);
  await stack.send(summarise(`twin-${how}`));
  const { runId = '' } = await until('the claim', async () => {
    const job = await stack.jobs.get(jobId);
    return job?.claim === undefined ? undefined : job;
  });
  if (how === 'heard') await outside.capacity('gone');
  else faults.event = ({ detail }) => (detail['jobId'] === runId ? 'deliver' : 'drop');
  const [owner] = await outside.batchJobs(jobId);
  const { jobName, jobQueue, jobDefinition, parameters, shareIdentifier, tags, container } = owner ?? {};
  // As a repeated SubmitJob would have it: with the same ticket.
  const environment = container?.environment?.filter(({ name }) => name === 'HEADGATE_TICKET');
  const containerOverrides = { environment };
  const twin = await outside.batch.send(
    new SubmitJobCommand({
      jobName,
      jobQueue,
      jobDefinition,
      parameters,
      shareIdentifier,
      tags,
      containerOverrides,
    }),
  );
  if (how === 'heard') {
    // There is no room for it, so that what is heard of it comes before its claim for sure.
    const detail = {
      jobName,
      jobId: twin.jobId,
      jobQueue,
      status: 'RUNNING',
      attempts: [],
      container: {},
      tags,
    };
    await outside.sendEvent({ source: 'aws.batch', 'detail-type': 'Batch Job State Change', detail });
  }
  const ended = await until('the end of the second', async () => {
    const found = (await outside.batchJobs(jobId)).find((each) => each.jobId === twin.jobId);
    return found?.stoppedAt === undefined ? undefined : found;
  });
  expect(ended).toMatchObject(
    how === 'heard' ? { isTerminated: true, attempts: [] } : { status: 'SUCCEEDED', isTerminated: false },
  );
  await outside.emptied('EventsQueue');
  const held = await stack.jobs.get(jobId);
  expect(held).toMatchObject({ state: 'running', runId, claim: { runId } });
  expect(held?.refused).toEqual(how === 'heard' ? [twin.jobId] : undefined);
  expect(held?.result).toBeUndefined();

  containers.release();
  const job = await stack.ended('acme', `twin-${how}`);
  expect(job).toMatchObject({ state: 'succeeded', attempt: 1, calls: 1, runId });
  expect(JSON.stringify(job.result)).toContain(runId);
  await outside.settled(jobId);
  expect(await eventTypesOf(stack, jobId)).toEqual(['job.succeeded']);
});

it('a call that arrives after Batch’s list had not shown it makes a second Batch job, and still one run (F11, F20)', async () => {
  const jobId = jobIdOf('acme', 'late');
  await outside.capacity('gone');
  answersOfBatch('lose_reply');
  faults.event = () => 'drop';
  faults.listLag = { seconds: 600 };
  await stack.send(summarise('late'));
  await outside.turnUntil('the second call', 5000, async () =>
    (await stack.jobs.get(jobId))?.state === 'submitted' ? true : undefined,
  );
  delete faults.listLag;
  delete faults.event;
  await outside.capacity('there');

  const job = await stack.ended('acme', 'late');
  expect(job).toMatchObject({ state: 'succeeded', attempt: 1, calls: 2 });
  const both = await until('both Batch jobs to end', async () => {
    const jobs = await outside.batchJobs(jobId);
    return jobs.every(({ stoppedAt }) => stoppedAt !== undefined) ? jobs : undefined;
  });
  expect(both).toHaveLength(2);
  expect(JSON.stringify(job.result)).toContain(job.runId);
  await outside.settled(jobId);
  expect(await eventTypesOf(stack, jobId)).toEqual(['job.succeeded']);
});

it('a submit message for a job that is over, is not there, or is another tenant’s changes nothing (M50)', async () => {
  await stack.send(sleep('over'));
  const { jobId } = await stack.ended('acme', 'over');
  const over = await outside.settled(jobId);
  const batchJobs = await outside.batchJobs(jobId);
  await outside.sendSubmit({ tenantId: 'acme', jobId, attempt: 1 });
  await outside.sendSubmit({ tenantId: 'acme', jobId, attempt: 2 });
  await outside.sendSubmit({ tenantId: 'globex', jobId, attempt: 1 });
  await outside.sendSubmit({ tenantId: 'acme', jobId: jobIdOf('acme', 'never-sent'), attempt: 1 });
  await outside.sendSubmit({ wake: 'initrode' });
  await outside.emptied('SubmitQueue');
  expect(await stack.jobs.get(jobId)).toEqual(over);
  expect(await stack.job('acme', 'never-sent')).toBeUndefined();
  expect(await outside.batchJobs(jobId)).toEqual(batchJobs);
  expect(await outside.batchJobs(jobId, 2)).toEqual([]);
  expect(await outside.depth('SubmitDeadLetterQueue')).toBe(0);
});

it('a job whose executor is Lambda runs in a function of its tenant, and no Batch job is made for it', async () => {
  await stack.send({ ...summarise('on-lambda'), jobType: 'csv.quick' });
  const job = await stack.ended('acme', 'on-lambda');
  expect(job).toMatchObject({
    state: 'succeeded',
    calls: 1,
    runId: expect.stringMatching(/^lambda:/),
    result: { inline: { rows: expect.any(Number) } },
    endedAttempts: [{ runId: job.runId }],
  });
  expect(await outside.batchJobs(job.jobId)).toEqual([]);
});
