/** The functions of a deployed stack, each once: its packaged bundle, Lambda's own runtime client, an event, an effect. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchClient, DescribeJobsCommand } from '@aws-sdk/client-batch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jobIdOf, webhookIdOf } from '../../application/job/identity.ts';
import { register } from '../../application/webhook/endpoint-setup.ts';
import type { Inbox, Received } from '../../demo/inbox.ts';
import { asking } from '../../domain/batch/messages.ts';
import { type BusEvent, lifecycleEvent } from '../../domain/webhook/notification.ts';
import { eventQueue } from '../../io/aws/bus.ts';
import { sealing } from '../../io/aws/keys.ts';
import { queue } from '../../io/aws/queues.ts';
import { systemClock } from '../../io/process/clock.ts';
import { systemRandom } from '../../io/process/random.ts';
import { deliveryStore } from '../../io/table/deliveries.ts';
import { endpointRegister } from '../../io/table/endpoints.ts';
import { jobStore } from '../../io/table/jobs.ts';
import { table } from '../../io/table/table.ts';
import { tenantStore } from '../../io/table/tenants.ts';
import { type Answer, invoke, type PackagedFunction } from '../lambda-client/invoke.ts';
import { outside } from '../outside/outside.ts';
import { jobIn } from '../support/jobs.ts';
import { until } from '../support/until.ts';
import type { Opened } from './opened.ts';
import { environmentOf, REGION, run } from './stage.ts';

const TIMEOUT_MS = 120_000;
const NAMES = ['intake', 'submit', 'track', 'notify', 'deliver', 'tick', 'workerApi'] as const;
/** They answer HTTP at a URL, of which moto has no model; tests/flows asks them. */
const AT_URLS = ['api', 'operate'];
type FunctionName = (typeof NAMES)[number];

export interface Surroundings {
  readonly opened: Opened;
  readonly endpoint: string;
  readonly inbox: Inbox;
  readonly webhooks: readonly Received[];
}

const recorded = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../fixtures/events/${name}.json`), 'utf8'));

/** As Lambda hands a message over. */
function sqsEvent(body: unknown) {
  const event = recorded('sqs');
  event.Records[0].body = JSON.stringify(body);
  return event;
}

export function functionsRun(surroundings: () => Surroundings): void {
  let stack: ReturnType<typeof clientsFor>;
  let folders: string;
  beforeAll(() => {
    folders = mkdtempSync(join(tmpdir(), 'headgate-functions-'));
    stack = clientsFor(surroundings());
  });
  afterAll(() => {
    stack?.close();
    rmSync(folders, { recursive: true, force: true });
  });

  async function unpacked(name: FunctionName): Promise<PackagedFunction> {
    const { opened, endpoint } = surroundings();
    const folder = join(folders, name);
    await run([outside.python ?? '', '-m', 'zipfile', '-e', opened.stage.bundle(name), folder], '/', {});
    const fn = await opened.fn(`headgate-dev-${name}`);
    return {
      name: `headgate-dev-${name}`,
      arn: String(fn['FunctionArn']),
      handler: String(fn['Handler']),
      folder,
      timeoutSeconds: Number(fn['Timeout']),
      memoryMiB: Number(fn['MemorySize']),
      environment: { ...Object(fn['Environment']).Variables, ...environmentOf(endpoint) },
    };
  }
  const invoked = async (name: FunctionName, event: unknown) => invoke(await unpacked(name), event);

  (outside.lambdaClient === undefined ? describe.skip : describe)("in Lambda's own runtime client", () => {
    it('every function of the stack is run', () => {
      const functions = Object.entries(surroundings().opened.template.Resources).filter(
        // Those of job types do a container's work; tests/flows runs one.
        ([id, { Type }]) => Type === 'AWS::Lambda::Function' && !id.startsWith('Run'),
      );
      const names = functions.map(([id]) => id.replace('LambdaFunction', '').toLowerCase());
      const run = [...NAMES.map((name) => name.toLowerCase()), ...AT_URLS];
      expect(names.toSorted()).toEqual(run.toSorted());
    });

    it(
      'worker-api makes its keys, and knows a ticket that is not of this stack',
      async () => {
        const ticket = `hgt.k1.${jobIdOf('acme', 'first')}.1.${'x'.repeat(43)}`;
        const run = { runId: '6f1c1b0e-1111-4222-8333-444455556666', try: 1, nonce: 'a-nonce-of-the-test' };
        const { kind, body } = await invoked('workerApi', { call: 'claim', ticket, ...run });
        expect({ kind, body }).toMatchObject({
          kind: 'response',
          body: { status: 401, code: 'ticket_invalid' },
        });
      },
      TIMEOUT_MS,
    );

    it(
      'intake records a job and asks for its next step',
      async () => {
        await stack.tenants.put({ tenantId: 'acme', status: 'active' });
        const asked = {
          specVersion: '1',
          tenantId: 'acme',
          jobType: 'demo.sleep',
          idempotencyKey: 'first',
          input: { seconds: 0 },
        };
        expectAllDone(await invoked('intake', sqsEvent(asked)));
        const jobId = jobIdOf('acme', 'first');
        expect(await stack.jobs.get(jobId)).toMatchObject({ state: 'waiting', jobType: 'demo.sleep' });
        expect(await stack.received('SubmitQueue', jobId)).toEqual(submitMessage(jobId));
      },
      TIMEOUT_MS,
    );

    it(
      'submit gives a job to Batch, under its name and in its queue',
      async () => {
        const job = jobNow('waiting', 'submit', { jobType: 'demo.sleep', input: { seconds: 0 } });
        await stack.jobs.create(job);
        expectAllDone(await invoked('submit', sqsEvent(submitMessage(job.jobId))));
        const { state, runId } = (await stack.jobs.get(job.jobId)) ?? {};
        expect({ state, runId }).toEqual({ state: 'submitted', runId: expect.any(String) });
        expect(await stack.batchJob(String(runId))).toMatchObject({
          jobName: `hg-${job.jobId}-1`,
          jobQueue: surroundings().opened.id('StandardJobQueue'),
        });
      },
      TIMEOUT_MS,
    );

    it(
      'track moves a job to what Batch says of it, and tells the bus',
      async () => {
        const event = recorded('batch-job-failed');
        const { jobId } = event.detail.parameters;
        // No backoff ends before its deadline, so this attempt is the last; a stage publishes ends alone unless it is told.
        const times = { dueAt: Date.now() + 600_000, deadlineAt: Date.now() + 1000 };
        await stack.jobs.create(jobIn('running', { jobId, jobType: 'csv.summarise', ...times }));
        expectAllDone(await invoked('track', sqsEvent(event)));
        expect(await stack.jobs.get(jobId)).toMatchObject({
          state: 'failed',
          failure: { class: 'app_error', exitCode: 1 },
        });
        expect(await stack.received('NotifyQueue', jobId)).toMatchObject({ detail: { type: 'job.failed' } });
      },
      TIMEOUT_MS,
    );

    it(
      'notify and deliver sign for an endpoint, and never dial an address that is not public',
      async () => {
        const { inbox, webhooks } = surroundings();
        const endpointId = 'whe_main';
        const asked = { tenantId: 'acme', endpointId, url: inbox.urlOf('acme'), events: ['job.succeeded'] };
        // As if the rules had become stricter since.
        const registered = await register(stack, asked, [inbox.origin]);
        expect(registered.kind).toBe('registered');
        const job = jobNow('succeeded', 'notify');
        await stack.jobs.create(job);
        const event = lifecycleEvent(job);
        await stack.publish(event);
        expectAllDone(await invoked('notify', sqsEvent(await stack.received('NotifyQueue', job.jobId))));
        const webhookId = webhookIdOf(job.jobId, event.data.sequence, endpointId);
        const tried = () => stack.deliveries.get({ ...asked, at: event.timestamp, webhookId });
        // The signature comes before the address: with no keys, nothing would have been tried.
        const refused = { status: 'pending', last: { answer: 'target_not_allowed' } };
        expect(await tried()).toMatchObject({ ...refused, tries: 1 });
        const { settled, dueAt } = (await stack.jobs.get(job.jobId)) ?? {};
        expect({ settled, dueAt }).toEqual({ settled: true, dueAt: undefined });

        const reminder = await stack.received('DeliveryQueue', webhookId);
        expectAllDone(await invoked('deliver', sqsEvent(reminder)));
        expect(await tried()).toMatchObject({ ...refused, tries: 2 });
        expect(webhooks).toEqual([]);
      },
      TIMEOUT_MS,
    );

    it(
      'tick hands a job that fell due to its queue',
      async () => {
        const past = Date.now() - 1000;
        const job = jobNow('scheduled', 'tick', { eligibleAt: past, dueAt: past, jobType: 'demo.sleep' });
        await stack.jobs.create(job);
        const answer = await invoked('tick', recorded('scheduled'));
        expect(answer).toMatchObject({ kind: 'response', body: null });
        expect(answer.log).toContain('reconcile:repair:done');
        expect(await stack.received('SubmitQueue', job.jobId)).toEqual(submitMessage(job.jobId));
      },
      TIMEOUT_MS,
    );

    it(
      'what cannot be handled now comes back as itself, and the rest of the batch is done',
      async () => {
        const event = sqsEvent({ not: 'a submit message' });
        const { body } = await invoked('submit', event);
        expect(body).toEqual({ batchItemFailures: [{ itemIdentifier: event.Records[0].messageId }] });
      },
      TIMEOUT_MS,
    );

    it.each(NAMES)(
      '%s says which variables are missing, when it is started without them',
      async (name) => {
        const fn = await unpacked(name);
        const answer = await invoke({ ...fn, environment: environmentOf('http://127.0.0.1:1') }, {});
        expect(answer).toMatchObject({
          kind: 'init_error',
          body: {
            errorType: 'EnvironmentIncomplete',
            errorMessage: expect.stringMatching(/incomplete: [A-Z_]+ is not set/),
          },
        });
        const named = JSON.stringify(answer.body).match(/[A-Z]+(_[A-Z]+)+(?= is not set)/g);
        expect(Object.keys(fn.environment)).toEqual(expect.arrayContaining(named ?? []));
      },
      TIMEOUT_MS,
    );
  });
}

function expectAllDone(answer: Answer): void {
  expect(answer).toMatchObject({ kind: 'response', body: { batchItemFailures: [] } });
}

const submitMessage = (jobId: string) => JSON.parse(asking({ tenantId: 'acme', jobId }, 1).body);

/** A record of this moment, so that tick has no reason to look at it. */
function jobNow(state: Parameters<typeof jobIn>[0], key: string, change: Parameters<typeof jobIn>[1] = {}) {
  const jobId = jobIdOf('acme', key);
  return jobIn(state, { jobId, dueAt: Date.now() + 600_000, createdAt: Date.now(), ...change });
}

function clientsFor({ opened, endpoint }: Surroundings) {
  const config = { endpoint, region: REGION, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  const [sqs, batch, dynamo, kms] = [
    new SQSClient(config),
    new BatchClient(config),
    new DynamoDBClient(config),
    new KMSClient(config),
  ];
  const db = DynamoDBDocumentClient.from(dynamo, { marshallOptions: { removeUndefinedValues: true } });
  const items = table(db, opened.id('JobsTable'), systemRandom);
  return {
    jobs: jobStore(items),
    tenants: tenantStore(items),
    endpoints: endpointRegister(items),
    deliveries: deliveryStore(items),
    keys: sealing(kms, opened.id('WebhookKey')),
    clock: systemClock,
    random: systemRandom,
    publish: (event: BusEvent) => eventQueue(queue(sqs, opened.id('NotifyQueue'))).publish([event]),
    /** The next message in a queue that speaks of it. */
    received: (queue: string, id: string): Promise<unknown> =>
      until(`a message about ${id} in ${queue}`, async () => {
        const QueueUrl = opened.id(queue);
        const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }));
        for (const { ReceiptHandle } of Messages)
          await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        const found = Messages.find(({ Body = '' }) => Body.includes(id));
        return found?.Body === undefined ? undefined : JSON.parse(found.Body);
      }),
    batchJob: async (id: string) => (await batch.send(new DescribeJobsCommand({ jobs: [id] }))).jobs?.[0],
    close: () => {
      for (const client of [sqs, batch, dynamo, kms]) client.destroy();
    },
  };
}
