/** What an operator does with dead letters: look, repair the cause, run them again or throw them away. */
import { CreateTableCommand, DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { childIdOf, jobIdOf } from '../../application/job/identity.ts';
import { type DeadLetter, failedJob } from '../../domain/dead-letter/dead-letter.ts';
import { closedAfterAll } from '../support/closing.ts';
import { ended, startCommand } from '../support/command.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';

jest.setTimeout(180_000);

let stack: Stack;
const opened = closedAfterAll();
beforeAll(async () => {
  stack = opened(await startStack());
  await stack.addTenant('acme');
});

const startDlq = (args: readonly string[]) => startCommand(stack, ['dlq', ...args]);
const dlq = (...args: readonly string[]) => ended(startDlq(args));

const message = (tenantId: string, idempotencyKey: string, csv: string, rest: object = {}) => ({
  specVersion: '1',
  tenantId,
  jobType: 'csv.summarise',
  idempotencyKey,
  input: { csv },
  ...rest,
});

/** The line of `list` for one letter, once it is there. */
function listed(word: string): Promise<string> {
  return until(`a dead letter with ${word}`, async () => {
    const { out } = await dlq('list');
    return out.split('\n').find((line) => line.includes(word));
  });
}

async function lettersLeft() {
  const { Attributes } = await stack.clients.sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: stack.cloud.physicalId('FrontDeadLetterQueue'),
      AttributeNames: ['All'],
    }),
  );
  return [Attributes?.ApproximateNumberOfMessages, Attributes?.ApproximateNumberOfMessagesNotVisible];
}

describe('a message refused because its tenant was missing', () => {
  const CANARY = 'canary-4711';

  it('is listed with its reason and without its body, shown whole, and runs once the tenant is there', async () => {
    const csv = await stack.upload('globex', 'late.csv', 'a,b\n1,2\n');
    const body = JSON.stringify(message('globex', 'late', csv, { metadata: { CANARY } }));
    await stack.send(body);

    const line = await listed('tenant_unknown');
    expect(line).toMatch(/^\S+Z +refused +globex +csv\.summarise +- +tenant_unknown +\S+ +\S.*\.$/);
    expect(line).not.toContain(CANARY);
    const [id = ''] = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(line) ?? [];

    const shown = await dlq('show', id);
    expect(shown.out).toContain(body);
    expect(shown.out).toMatch(/^pointer +\/tenantId$/m);

    for (const dryRun of [['--dry-run'], []]) {
      const dry = await dlq('redrive', '--tenant', 'globex', ...dryRun);
      expect(dry.out).toMatch(/1 would be sent\./);
      expect(await lettersLeft()).toEqual(['1', '0']);
    }

    await stack.addTenant('globex');
    const redriven = await dlq('redrive', id.slice(0, 8));
    expect(redriven).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^1 of 1 sent\.$/m) });
    expect(await stack.ended('globex', 'late')).toMatchObject({ state: 'succeeded', attempt: 1 });
    expect(await lettersLeft()).toEqual(['0', '0']);
  });

  it('is gone when it is discarded', async () => {
    await stack.send(message('initech', 'unwanted', 's3://none/tenants/initech/x.csv'));
    await listed('initech');
    const { code, out } = await dlq('discard', '--tenant', 'initech', '--yes', '--reason', 'a load test');
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('discarded: a load test') });
    expect(await lettersLeft()).toEqual(['0', '0']);
  });
});

describe('a job that failed for good', () => {
  it('runs again as a child with lineage when its letter is redriven, once however often that is done', async () => {
    const csv = `s3://${stack.bucket}/tenants/acme/inputs/forgotten.csv`;
    await stack.send(message('acme', 'forgotten', csv));
    const parent = await stack.ended('acme', 'forgotten');
    expect(parent.state).toBe('failed');
    const line = await listed(parent.jobId);
    expect(line).toMatch(/ failed +acme +csv\.summarise +invalid_input +input_not_found /);

    await stack.upload('acme', 'forgotten.csv', 'a\n1\n');
    const { code, out } = await dlq('redrive', parent.jobId, '--rate', '10/s');
    const childId = childIdOf(parent.jobId);
    expect({ code, out }).toMatchObject({
      code: 0,
      out: expect.stringContaining(`is ${childId}, which is `),
    });
    const child = await until('the end of the child', async () => {
      const found = await stack.jobs.get(childId);
      return found?.finishedAt === undefined ? undefined : found;
    });
    expect(child).toMatchObject({ state: 'succeeded', parent: parent.jobId, calls: 1 });
    expect(await stack.jobs.get(parent.jobId)).toMatchObject({ state: 'failed', redrivenAs: childId });

    await sendLetter(failedJob(await stack.jobs.whole(parent)));
    const kept = await dlq('discard', parent.jobId, '--reason', 'x');
    expect(kept).toMatchObject({ code: 1, out: expect.stringContaining(`redriven as ${childId}`) });
    expect((await dlq('redrive', '--all', '--yes')).code).toBe(0);
    await until('the copy to be acknowledged', async () => ((await frontQueueEmpty()) ? true : undefined));
    const { stateVersion, runId } = child;
    expect(await stack.jobs.get(childId)).toMatchObject({ calls: 1, stateVersion, runId });
    expect(await lettersLeft()).toEqual(['0', '0']);
  });

  it('stays a letter of that job while its tenant may start none, and runs again once it may (F68)', async () => {
    const csv = `s3://${stack.bucket}/tenants/acme/inputs/unpaid.csv`;
    const keys = ['unpaid-1', 'unpaid-2', 'unpaid-3'];
    await stack.send(...keys.map((key) => message('acme', key, csv)));
    const parents = keys.map((key) => jobIdOf('acme', key));
    for (const jobId of parents) await listed(jobId);
    await stack.upload('acme', 'unpaid.csv', 'a\n1\n');
    await stack.changeTenant('acme', { status: 'suspended' });
    const refused = await dlq('redrive', '--tenant', 'acme', '--yes');
    expect(refused.out).toMatch(/^3 of 3 sent\.$/m);
    expect(refused.out).toMatch(/^0 are jobs, 3 are dead letters again, 0 are on their way\.$/m);
    expect(refused.code).toBe(1);
    for (const jobId of parents) {
      expect(refused.out).toMatch(new RegExp(`${jobId} +is a dead letter again: tenant_suspended`));
      expect(await stack.jobs.get(childIdOf(jobId))).toBeUndefined();
    }
    await stack.changeTenant('acme', { status: 'active' });
    const sent = await dlq('redrive', '--tenant', 'acme', '--yes');
    expect(sent).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^3 are jobs, 0 are dead letters again/m),
    });
    for (const jobId of parents)
      await until('the end of the child', async () =>
        (await stack.jobs.get(childIdOf(jobId)))?.state === 'succeeded' ? true : undefined,
      );
    expect(await lettersLeft()).toEqual(['0', '0']);
  });

  it('says in its record why it was discarded, when it is clear which table that is in', async () => {
    const csv = `s3://${stack.bucket}/tenants/acme/inputs/never.csv`;
    await stack.send(message('acme', 'never', csv));
    const jobId = jobIdOf('acme', 'never');
    await listed(jobId);
    const discard = ['discard', '--yes', '--class', 'invalid_input', '--reason', 'the tenant gave up'];

    const own = stack.cloud.physicalId('JobsTable');
    const TableName = 'another-JobsTable';
    await stack.clients.dynamo.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      }),
    );
    const unclear = await dlq(...discard);
    expect(unclear).toMatchObject({ code: 2, out: '0 of 1 discarded.\n' });
    expect(unclear.err).toMatch(new RegExp(`there are ${TableName}, ${own}\\. Name it with --table\\.\n$`));

    expect((await dlq(...discard, '--table', own)).code).toBe(0);
    expect(await stack.jobs.get(jobId)).toMatchObject({
      state: 'failed',
      discarded: { reason: 'the tenant gave up' },
    });
    expect(await lettersLeft()).toEqual(['0', '0']);
    await stack.clients.dynamo.send(new DeleteTableCommand({ TableName }));
    await stack.send(message('acme', 'never-again', csv));
    await listed(jobIdOf('acme', 'never-again'));
    expect((await dlq(...discard)).code).toBe(0);
    expect(await lettersLeft()).toEqual(['0', '0']);
  });
});

/** Another copy of a letter, as a crash of its sender leaves one. */
async function sendLetter({ body, attributes }: DeadLetter) {
  const MessageAttributes = Object.fromEntries(
    Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
  const QueueUrl = stack.cloud.physicalId('FrontDeadLetterQueue');
  await stack.clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body, MessageAttributes }));
}

async function frontQueueEmpty(): Promise<boolean> {
  const { Attributes } = await stack.clients.sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: stack.cloud.physicalId('FrontQueue'),
      AttributeNames: ['All'],
    }),
  );
  return (
    Attributes?.ApproximateNumberOfMessages === '0' &&
    Attributes.ApproximateNumberOfMessagesNotVisible === '0'
  );
}

it('groups count letters by what they share, for people and for programs', async () => {
  const csv = 's3://none/tenants/initrode/x.csv';
  await stack.send(message('initrode', 'g1', csv), message('initrode', 'g2', csv), 'no json');
  await until('three letters', async () => ((await lettersLeft())[0] === '3' ? true : undefined));
  const { out } = await dlq('list', '--group-by', 'code');
  expect(out).toMatch(/^COUNT +CODE\n2 +tenant_unknown\n1 +body_not_json\n3 dead letters\.\n$/);
  const lines = (await dlq('list', '--json', '--code', 'body_not_json')).out.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ kind: 'refused', code: 'body_not_json', at: expect.stringMatching(/Z$/) }),
  ]);
  const some = await dlq('redrive', '--tenant', 'initrode', '--max', '1', '--dry-run');
  expect(some.out).toMatch(/1 would be sent\. 2 of 3 dead letters match\.\n$/);
  expect((await dlq('discard', '--all', '--yes', '--reason', 'done')).code).toBe(0);
});

it('Ctrl-C ends a slow redrive at once and gives the rest back', async () => {
  const csv = 's3://none/tenants/initrode/x.csv';
  await stack.send(...['s1', 's2', 's3'].map((key) => message('initrode', key, csv)));
  await until('three letters', async () => ((await lettersLeft())[0] === '3' ? true : undefined));
  const child = startDlq(['redrive', '--all', '--yes', '--rate', '1/m']);
  child.stdout.once('data', () => child.kill('SIGINT'));
  const { code, out, err } = await ended(child);
  expect({ code, err }).toEqual({
    code: 130,
    err: 'Interrupted; the other letters are visible in the queue again.\n',
  });
  expect(out).toMatch(/^1 of 3 sent\.$/m);
  // Its tenant is still missing, so the one that was sent comes back.
  await until('three letters', async () => ((await lettersLeft()).join() === '3,0' ? true : undefined));
  expect((await dlq('discard', '--all', '--yes', '--reason', 'done')).code).toBe(0);
});

it.each([
  ['no command', [], /list, show, redrive or discard/],
  ['a command it does not have', ['drop'], /found drop/],
  ['a redrive of everything that does not say so', ['redrive'], /an ID, a filter or --all/],
  ['everything and a filter at once', ['redrive', '--all', '--tenant', 'acme'], /--all goes without/],
  ['a discard without a reason', ['discard', '--all'], /^--reason: /],
  ['a reason to list', ['list', '--reason', 'x'], /dlq list has no option --reason\./],
  ['a misspelt option', ['list', '--tennant', 'acme'], /--tennant/],
  ['a rate it cannot keep', ['redrive', '--all', '--rate', 'fast'], /^--rate: expected a rate such as 5\/s/],
  ['nothing to show', ['show'], /^ID: /],
  ['a verb with a letter too many', ['lists'], /dlq has no lists; the nearest is list\./],
])('%s is wrong usage, told in one sentence', async (_, args, sentence) => {
  const { code, out, err } = await dlq(...args);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(sentence);
  expect(err).toMatch(/^[^\n]+\.\n$/);
});

it.each([
  ['an id that no letter has', ['show', 'job_unknown'], 3, /There is no dead letter job_unknown\./],
  [
    'a stage that is not there',
    ['list', '--stage', 'prod'],
    5,
    /Stage prod in us-east-1\.\nExpected the queue headgate-prod-front and found none/,
  ],
])('%s is told in a sentence, with an exit code of its own', async (_, args, exitCode, sentence) => {
  const { code, out, err } = await dlq(...args);
  expect({ code, out }).toEqual({ code: exitCode, out: '' });
  expect(err).toMatch(sentence);
});

it('--help explains every command', async () => {
  const { code, out } = await dlq('--help');
  expect(code).toBe(0);
  for (const command of ['list', 'show', 'redrive', 'discard'])
    expect(out).toMatch(new RegExp(`^  ${command} `, 'm'));
});
