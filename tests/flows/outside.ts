/** The stack from outside, as its operator and AWS see it: Batch's own word, queues, events, the schedule. */
import {
  BatchClient,
  DescribeJobsCommand,
  type JobDetail,
  ListJobsCommand,
  UpdateComputeEnvironmentCommand,
  UpdateJobQueueCommand,
} from '@aws-sdk/client-batch';
import { DisableRuleCommand, EnableRuleCommand, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { jobIdOf } from '../../application/job/identity.ts';
import { type Refusal, readRefusals } from '../../demo/refusals.ts';
import { isFinal, type JobRecord } from '../../domain/job/job.ts';
import { WEBHOOK_EVENTS } from '../../domain/webhook/notification.ts';
import type { Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';

/** The events of a job's whole life that an endpoint may receive. */
export const EVERY_EVENT = WEBHOOK_EVENTS.filter((type) => /^job\.(?!progress|rejected)/.test(type));

export interface Outside {
  readonly batch: BatchClient;
  /** Every Batch job of one attempt, whichever queue it went to, the oldest first. */
  batchJobs(jobId: string, attempt?: number): Promise<JobDetail[]>;
  /** Puts an event where the rule would. */
  sendEvent(event: object | string): Promise<void>;
  /** Puts a message where intake, track and tick put theirs. */
  sendSubmit(message: object): Promise<void>;
  /** The dead letter of a failed job. */
  letterOf(jobId: string): Promise<Refusal>;
  sendLetter(letter: Pick<Refusal, 'body' | 'attributes'>): Promise<void>;
  /** Messages in a queue, in flight ones included, by the logical id of the queue. */
  depth(queue: string): Promise<number>;
  emptied(queue: string): Promise<true>;
  /** Whether Batch has any room for containers. */
  capacity(is: 'there' | 'gone'): Promise<void>;
  /** Tick's schedule. */
  /** What an operator does to a job queue, by its logical id. */
  queue(name: string, state: 'ENABLED' | 'DISABLED'): Promise<void>;
  schedule(does: 'run' | 'rest'): Promise<void>;
  /** Turns the clock step by step until there is an answer. */
  turnUntil<T>(what: string, stepMs: number, look: () => Promise<T | undefined>): Promise<T>;
  turnUntilEnded(tenantId: string, key: string, stepMs?: number): Promise<JobRecord>;
  settled(jobId: string): Promise<JobRecord>;
  hears(tenantId: string, events: readonly string[]): Promise<void>;
  close(): void;
}

export function lookFromOutside(stack: Stack): Outside {
  const { cloud, clients } = stack;
  const environment = cloud.environment;
  const batch = new BatchClient({
    endpoint: cloud.endpoint,
    region: environment['AWS_REGION'] ?? '',
    // Those of the tests, so that their calls are not taken for those of functions and containers.
    credentials: { accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? '', secretAccessKey: 'local' },
  });
  const send = async (
    queue: string,
    MessageBody: string,
    attributes: Readonly<Record<string, string>> = {},
  ) => {
    const MessageAttributes = Object.fromEntries(
      Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
    );
    const QueueUrl = cloud.physicalId(queue);
    await clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes }));
  };
  const depth = async (queue: string) => {
    const QueueUrl = cloud.physicalId(queue);
    const { Attributes } = await clients.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    );
    const kinds = ['', 'NotVisible', 'Delayed'] as const;
    return kinds.reduce(
      (sum, kind) => sum + Number(Attributes?.[`ApproximateNumberOfMessages${kind}`] ?? 0),
      0,
    );
  };
  const turnUntil: Outside['turnUntil'] = (what, stepMs, look) => {
    let [looks, quietLooks, calls] = [0, 0, stack.callCount()];
    return until(what, async () => {
      const found = await look();
      if (found !== undefined) return found;
      looks += 1;
      quietLooks = stack.callCount() === calls ? quietLooks + 1 : 0;
      calls = stack.callCount();
      // What one turn set off should end before the next, however slow the machine is.
      const isOver = quietLooks >= 5 || (quietLooks >= 2 && !(await hasContainers()));
      if (!isOver && looks < 25) return undefined;
      [looks, quietLooks] = [0, 0];
      cloud.clock.advance(stepMs);
      return undefined;
    });
  };
  /** A container that starts has made no call yet; one that a test holds never will. */
  const hasContainers = async () => {
    const asked = ['StandardJobQueue', 'EconomyJobQueue'].flatMap((queue) =>
      (['STARTING', 'RUNNING'] as const).map((jobStatus) =>
        batch.send(new ListJobsCommand({ jobQueue: cloud.physicalId(queue), jobStatus })),
      ),
    );
    return (await Promise.all(asked)).some(({ jobSummaryList = [] }) => jobSummaryList.length > 0);
  };
  return {
    batch,
    depth,
    turnUntil,
    async batchJobs(jobId, attempt = 1) {
      const found = await Promise.all(
        ['StandardJobQueue', 'EconomyJobQueue'].map((queue) =>
          batch.send(
            new ListJobsCommand({
              jobQueue: cloud.physicalId(queue),
              filters: [{ name: 'JOB_NAME', values: [`hg-${jobId}-${attempt}`] }],
            }),
          ),
        ),
      );
      const ids = found.flatMap(({ jobSummaryList = [] }) =>
        jobSummaryList.flatMap((job) => job.jobId ?? []),
      );
      if (ids.length === 0) return [];
      const { jobs = [] } = await batch.send(new DescribeJobsCommand({ jobs: ids }));
      return jobs.toSorted((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0));
    },
    sendEvent: (event) => send('EventsQueue', typeof event === 'string' ? event : JSON.stringify(event)),
    sendSubmit: (message) => send('SubmitQueue', JSON.stringify(message)),
    letterOf: (jobId) =>
      until(`the dead letter of ${jobId}`, async () => {
        const letters = await readRefusals(clients, cloud.physicalId('FrontDeadLetterQueue'));
        return letters.find(({ attributes }) => attributes['deadLetterOf'] === jobId);
      }),
    sendLetter: ({ body, attributes }) => send('FrontQueue', body, attributes),
    emptied: (queue) =>
      until(`${queue} to be empty`, async () => ((await depth(queue)) === 0 ? true : undefined)),
    async capacity(is) {
      const state = is === 'there' ? 'ENABLED' : 'DISABLED';
      for (const name of ['FargateComputeEnvironment', 'FargateSpotComputeEnvironment']) {
        const computeEnvironment = cloud.physicalId(name);
        await batch.send(new UpdateComputeEnvironmentCommand({ computeEnvironment, state }));
      }
    },
    async queue(name, state) {
      await batch.send(new UpdateJobQueueCommand({ jobQueue: cloud.physicalId(name), state }));
    },
    async schedule(does) {
      const { Rules = [] } = await clients.eventBridge.send(new ListRulesCommand({}));
      for (const { Name, ScheduleExpression } of Rules) {
        if (ScheduleExpression === undefined) continue;
        const Command = does === 'run' ? EnableRuleCommand : DisableRuleCommand;
        await clients.eventBridge.send(new Command({ Name }));
      }
    },
    turnUntilEnded: (tenantId, key, stepMs = 15_000) =>
      turnUntil(`the end of ${tenantId}/${key}`, stepMs, async () => {
        const job = await stack.jobs.get(jobIdOf(tenantId, key));
        return job !== undefined && isFinal(job.state) ? job : undefined;
      }),
    settled: (jobId) =>
      until(`${jobId} to be settled`, async () => {
        const job = await stack.jobs.get(jobId);
        return job?.settled === true ? job : undefined;
      }),
    async hears(tenantId, events) {
      for (const { endpoint } of await stack.endpoints.list(tenantId)) {
        await stack.endpoints.change(endpoint, (stored) => ({ ...stored, events: [...events] }));
      }
    },
    close: () => batch.destroy(),
  };
}

/**
 * What the tenant was told of a job that has ended, in the order of arrival, each webhook once as its receiver must count
 * them. A job is settled when its webhooks are recorded, and the last of many may be sent after that.
 */
export async function eventTypesOf(stack: Stack, jobId: string): Promise<string[]> {
  const received = () =>
    stack.webhooks.flatMap(({ webhookId, event }) =>
      event?.data.jobId === jobId ? [[webhookId, event.type] as const] : [],
    );
  await until(`the webhook about the end of ${jobId}`, async () =>
    received().find(([, type]) => /succeeded|failed|cancelled|expired/.test(type)),
  );
  return [...new Map(received()).values()];
}
