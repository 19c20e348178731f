/** Sets the sample up: tenants with an endpoint each, their inputs, and the messages that a service would send. */
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { type EndpointRequest, type RegisterPorts, register } from '../application/webhook/endpoint-setup.ts';
import { parseObjectUri, tenantFolder } from '../domain/job/identity.ts';
import { sealing } from '../io/aws/keys.ts';
import { systemClock } from '../io/process/clock.ts';
import { systemRandom } from '../io/process/random.ts';
import { endpointRegister } from '../io/table/endpoints.ts';
import { table } from '../io/table/table.ts';
import { tenantStore } from '../io/table/tenants.ts';
import type { Clients } from './clients.ts';
import type { Inbox } from './inbox.ts';
import { type SampleMessage, sampleInputs, tenants } from './sample.ts';

export type Outputs = Readonly<Record<string, string>>;

export function outputOf(outputs: Outputs, name: string): string {
  const value = outputs[name];
  if (value === undefined) throw new Error(`The stack has no output ${name}`);
  return value;
}

/** @returns what to sign with, for the server that a user runs at `ownUrl`; it receives the webhooks of the first tenant */
export async function seedTenants(
  clients: Clients,
  outputs: Outputs,
  secrets: ReadonlyMap<string, string>,
  inbox: Inbox,
  ownUrl?: URL,
): Promise<string | undefined> {
  const keys = sealing(clients.kms, outputOf(outputs, 'WebhookKeyId'));
  const items = table(clients.dynamo, outputOf(outputs, 'JobsTableName'), systemRandom);
  const ports = { endpoints: endpointRegister(items), keys, clock: systemClock, random: systemRandom };
  for (const tenantId of tenants) {
    await tenantStore(items).put({ tenantId, status: 'active' });
    const asked = {
      tenantId,
      endpointId: 'whe_inbox',
      url: inbox.urlOf(tenantId),
      events: ['job.succeeded', 'job.failed', 'job.cancelled', 'job.expired', 'job.rejected'],
      secret: secrets.get(tenantId),
    };
    await registered(ports, asked, inbox.origin);
  }
  if (ownUrl === undefined) return undefined;
  const own = { tenantId: tenants[0], endpointId: 'whe_own', url: ownUrl.href };
  return (await registered(ports, own, ownUrl.origin)).shown[0];
}

async function registered(ports: RegisterPorts, asked: EndpointRequest, origin: string) {
  const outcome = await register(ports, asked, [origin]);
  if (outcome.kind === 'refused') throw new Error(outcome.problem.message);
  return outcome;
}

export async function uploadInputs(clients: Clients, bucket: string): Promise<void> {
  for (const { tenantId, name, contentType: ContentType, read } of sampleInputs(bucket)) {
    const Key = `${tenantFolder(tenantId)}inputs/${name}`;
    await clients.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: await read(), ContentType }));
  }
}

export async function sendMessages(
  clients: Clients,
  frontQueueUrl: string,
  messages: readonly SampleMessage[],
): Promise<void> {
  const Entries = messages.map(({ body }, i) => ({
    Id: String(i),
    MessageBody: JSON.stringify(body),
    MessageGroupId: body.tenantId,
  }));
  const { Failed = [] } = await clients.sqs.send(
    new SendMessageBatchCommand({ QueueUrl: frontQueueUrl, Entries }),
  );
  if (Failed.length > 0)
    throw new Error(`The front queue refused ${Failed.length} messages: ${Failed[0]?.Message}`);
}

/**
 * Each s3:// address in a result must be an object.
 * @returns the addresses that are not
 */
export async function missingObjects(clients: Clients, result: unknown): Promise<string[]> {
  const missing: string[] = [];
  for (const uri of objectUris(result)) {
    const { bucket: Bucket, key: Key } = parseObjectUri(uri);
    await clients.s3.send(new HeadObjectCommand({ Bucket, Key })).catch(() => missing.push(uri));
  }
  return missing;
}

function objectUris(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('s3://') ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(objectUris) : [];
}
