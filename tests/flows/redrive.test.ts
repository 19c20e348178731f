/** The dead letter of a failed job goes back to the front queue: one child runs, however it is redriven and however often. */
import { beforeAll, expect, it, jest } from '@jest/globals';
import { childIdOf, jobIdOf } from '../../application/job/identity.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { closedAfterAll } from '../support/closing.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { eventTypesOf, lookFromOutside, type Outside } from './outside.ts';

jest.setTimeout(120_000);

let stack: Stack;
let outside: Outside;
const opened = closedAfterAll();
beforeAll(async () => {
  stack = opened(await startStack());
  outside = opened(lookFromOutside(stack));
  await outside.schedule('rest');
  await Promise.all(['acme', 'globex'].map((tenantId) => stack.addTenant(tenantId)));
});

const inputOf = (key: string) => `s3://${stack.bucket}/tenants/acme/inputs/${key}.csv`;

/** A job that failed because its input is missing, and its dead letter. */
async function failed(key: string | undefined, rest: object = {}) {
  const input = { csv: inputOf(key ?? 'nameless') };
  await stack.send({
    specVersion: '1',
    tenantId: 'acme',
    jobType: 'csv.summarise',
    idempotencyKey: key,
    input,
    ...rest,
  });
  const jobId = jobIdOf('acme', key ?? '');
  return { parent: await outside.settled(jobId), letter: await outside.letterOf(jobId) };
}

function ended(jobId: string): Promise<JobRecord> {
  return until(`the end of ${jobId}`, async () => {
    const job = await stack.jobs.get(jobId);
    return job?.finishedAt === undefined ? undefined : job;
  });
}

it('a job whose input came too late succeeds as a child of the failed one, each naming the other', async () => {
  const { parent, letter } = await failed('late');
  await stack.upload('acme', 'late.csv', 'n\n1\n');
  await outside.sendLetter(letter);
  const child = await ended(childIdOf(parent.jobId));
  expect(child).toMatchObject({
    state: 'succeeded',
    parent: parent.jobId,
    idempotencyKey: 'late',
    fingerprint: parent.fingerprint,
    attempt: 1,
    calls: 1,
  });
  expect(await stack.jobs.get(parent.jobId)).toEqual({
    ...parent,
    redrivenAs: child.jobId,
    version: parent.version + 1,
  });
  await outside.settled(child.jobId);
  expect(await eventTypesOf(stack, child.jobId)).toEqual(['job.succeeded']);
  expect(await eventTypesOf(stack, parent.jobId)).toEqual(['job.failed']);

  // The original message, sent again, still means the job that failed.
  await stack.send(letter.body);
  await outside.emptied('FrontQueue');
  expect((await stack.job('acme', 'late'))?.state).toBe('failed');
});

it('a letter sent three times, at once and later, makes one child that runs once (F54)', async () => {
  const { parent, letter } = await failed('thrice');
  await stack.upload('acme', 'thrice.csv', 'n\n1\n');
  await Promise.all([outside.sendLetter(letter), outside.sendLetter(letter)]);
  const childId = childIdOf(parent.jobId);
  await ended(childId);
  const child = await outside.settled(childId);
  await outside.sendLetter(letter);
  await outside.emptied('FrontQueue');
  expect(await stack.jobs.get(childId)).toEqual(child);
  expect(await outside.batchJobs(childId)).toHaveLength(1);
});

it('a child that fails too leaves a letter of its own, and that one makes the grandchild', async () => {
  const { parent, letter } = await failed('generations');
  await outside.sendLetter(letter);
  const childId = childIdOf(parent.jobId);
  expect((await ended(childId)).state).toBe('failed');
  await outside.settled(childId);
  const second = await outside.letterOf(childId);
  expect(second.body).toBe(letter.body);
  await stack.upload('acme', 'generations.csv', 'n\n1\n');
  await outside.sendLetter(second);
  expect(await ended(childIdOf(childId))).toMatchObject({ state: 'succeeded', parent: childId });
});

it('a letter whose job was discarded makes no child', async () => {
  const { parent, letter } = await failed('discarded');
  const discarded = {
    ...parent,
    version: parent.version + 1,
    discarded: { reason: 'given up', at: parent.stateAt },
  };
  expect(await stack.jobs.replace(parent, discarded)).toBe('written');
  await outside.sendLetter(letter);
  await outside.emptied('FrontQueue');
  expect(await stack.jobs.get(childIdOf(parent.jobId))).toBeUndefined();
  expect(await stack.jobs.get(parent.jobId)).toEqual(discarded);
});

it.each<[string, (request: Record<string, unknown>) => object]>([
  ['edited', (request) => ({ ...request, input: { csv: inputOf('other') } })],
  ['given another key', (request) => ({ ...request, idempotencyKey: 'another' })],
  [
    'handed to another tenant',
    (request) => ({
      ...request,
      tenantId: 'globex',
      input: { csv: inputOf('x').replace('acme', 'globex') },
    }),
  ],
])('a letter whose body was %s is refused, and makes no child', async (how, edit) => {
  const { parent, letter } = await failed(`edited-${how.length}`);
  const body = JSON.stringify(edit(JSON.parse(letter.body)));
  await outside.sendLetter({ ...letter, body });
  expect((await stack.refusalOf(body)).attributes).toMatchObject({ code: 'idempotency_conflict' });
  expect(await stack.jobs.get(childIdOf(parent.jobId))).toBeUndefined();
  expect(await stack.jobs.get(parent.jobId)).toEqual(parent);
});
