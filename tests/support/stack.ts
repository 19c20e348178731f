/** The whole packaged stack on this machine, for tests: what goes in is a message, what comes out is what users see. */
import { randomBytes } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { expect } from '@jest/globals';
import { jobIdOf } from '../../application/job/identity.ts';
import { register } from '../../application/webhook/endpoint-setup.ts';
import { awsClients, type Clients } from '../../demo/clients.ts';
import { openInbox, type Received } from '../../demo/inbox.ts';
import { type Refusal, readRefusals } from '../../demo/refusals.ts';
import { imageFolders } from '../../demo/sample.ts';
import { isFinal, type JobRecord } from '../../domain/job/job.ts';
import type { Tenant } from '../../domain/tenant/tenant.ts';
import { sealing } from '../../io/aws/keys.ts';
import { systemClock } from '../../io/process/clock.ts';
import { systemRandom } from '../../io/process/random.ts';
import { type EndpointRegister, endpointRegister } from '../../io/table/endpoints.ts';
import { type JobStore, jobStore } from '../../io/table/jobs.ts';
import { table } from '../../io/table/table.ts';
import { type TenantStore, tenantStore } from '../../io/table/tenants.ts';
import { type Cloud, type CloudOptions, startCloud } from '../../local/cloud.ts';
import { built } from '../../tools/build.ts';
import { somethingHappened, until } from './until.ts';

export interface Stack {
  readonly cloud: Cloud;
  readonly clients: Clients;
  readonly jobs: JobStore;
  readonly tenants: TenantStore;
  readonly endpoints: EndpointRegister;
  readonly bucket: string;
  readonly webhooks: readonly Received[];
  /** How many calls functions and containers have made so far. */
  callCount(): number;
  /** Registers a tenant whose endpoint is the inbox, or another receiver, subscribed to the ends of jobs. */
  addTenant(tenantId: string, receiver?: string): Promise<void>;
  changeTenant(tenantId: string, change: Partial<Tenant>): Promise<void>;
  upload(tenantId: string, name: string, content: Uint8Array | string): Promise<string>;
  send(...bodies: readonly (object | string)[]): Promise<void>;
  job(tenantId: string, idempotencyKey: string): Promise<JobRecord | undefined>;
  /** Resolves with the record once it is final. */
  ended(tenantId: string, idempotencyKey: string): Promise<JobRecord>;
  webhookFor(jobId: string): Promise<Received>;
  recorded(tenantId: string, idempotencyKey: string): Promise<JobRecord>;
  /** The dead letter with exactly this body. */
  refusalOf(body: string): Promise<Refusal>;
  close(): Promise<void>;
}

export async function startStack(options: Partial<CloudOptions> = {}): Promise<Stack> {
  const secrets = new Map<string, string>();
  const webhooks: Received[] = [];
  const inbox = await openInbox(secrets, (received) => {
    webhooks.push(received);
    somethingHappened();
  });
  let callCount = 0;
  const cloud = await startCloud({
    template: built.template,
    bundles: built.functions,
    images: imageFolders,
    functionEnvironment: { WEBHOOK_ALLOWED_ORIGINS: inbox.origin },
    ...options,
    onCall(call) {
      options.onCall?.(call);
      if (call.accessKeyId === 'local') return;
      callCount++;
      somethingHappened();
    },
    parameters: {
      MaxvCpus: '2',
      SubmitSettleSeconds: '3',
      // What tests see of a job's steps they see on the bus.
      PublishEvents: 'all',
      ...options.parameters,
    },
  }).catch(async (error: unknown) => {
    await inbox.close();
    throw error;
  });
  const clients = awsClients(cloud.environment);
  const tableName = cloud.physicalId('JobsTable');
  const bucket = cloud.physicalId('JobsBucket');
  const items = table(clients.dynamo, tableName, systemRandom);
  const jobs = jobStore(items);
  const tenants = tenantStore(items);
  const endpoints = endpointRegister(items);
  const seenRefusals = new Map<string, Refusal>();
  const job = (tenantId: string, key: string) => jobs.get(jobIdOf(tenantId, key));

  return {
    cloud,
    clients,
    jobs,
    tenants,
    endpoints,
    bucket,
    webhooks,
    callCount: () => callCount,
    job,
    async changeTenant(tenantId, change) {
      await tenants.put({ tenantId, status: 'active', ...change });
    },
    async addTenant(tenantId, receiver) {
      const secret = `whsec_${randomBytes(32).toString('base64')}`;
      secrets.set(tenantId, secret);
      await tenants.put({ tenantId, status: 'active' });
      const events = ['job.succeeded', 'job.failed', 'job.cancelled', 'job.expired'];
      const keys = sealing(clients.kms, cloud.physicalId('WebhookKey'));
      const asked = {
        tenantId,
        endpointId: 'whe_test',
        url: receiver ?? inbox.urlOf(tenantId),
        events,
        secret,
      };
      const ports = { endpoints, keys, clock: systemClock, random: systemRandom };
      expect(await register(ports, asked, [receiver ?? inbox.origin])).toHaveProperty('kind', 'registered');
    },
    async upload(tenantId, name, content) {
      const Key = `tenants/${tenantId}/inputs/${name}`;
      await clients.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: content }));
      return `s3://${bucket}/${Key}`;
    },
    async send(...bodies) {
      for (let from = 0; from < bodies.length; from += 10) {
        const Entries = bodies.slice(from, from + 10).map((body, i) => ({
          Id: String(i),
          MessageBody: typeof body === 'string' ? body : JSON.stringify(body),
        }));
        const QueueUrl = cloud.physicalId('FrontQueue');
        const { Failed = [] } = await clients.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
        if (Failed.length > 0) throw new Error(`The front queue refused: ${Failed[0]?.Message}`);
      }
    },
    ended: (tenantId, key) =>
      until(`the end of ${tenantId}/${key}`, async () => {
        const found = await job(tenantId, key);
        return found !== undefined && isFinal(found.state) ? found : undefined;
      }),
    webhookFor: (jobId) =>
      until(`a webhook for ${jobId}`, async () => webhooks.find(({ event }) => event?.data.jobId === jobId)),
    recorded: (tenantId, key) => until(`the record of ${tenantId}/${key}`, () => job(tenantId, key)),
    refusalOf: (body) =>
      until('a dead letter', async () => {
        for (const refusal of await readRefusals(clients, cloud.physicalId('FrontDeadLetterQueue'))) {
          seenRefusals.set(refusal.messageId, refusal);
        }
        return [...seenRefusals.values()].find((refusal) => refusal.body === body);
      }),
    async close() {
      clients.close();
      await cloud.close();
      await inbox.close();
    },
  };
}
