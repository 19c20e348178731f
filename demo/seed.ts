/** Sets the sample up: tenants with an endpoint each, their inputs, and the messages that a service would send. */
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { register } from '../application/webhook/endpoint-setup.ts';
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

/** Where the webhooks of a tenant go. */
export interface Receiver {
  readonly url: string;
  readonly origin: string;
  readonly endpointId: string;
  /** Absent: one is made. */
  readonly secret?: string | undefined;
  /** Absent: all that a tenant may hear. */
  readonly events?: readonly string[] | undefined;
}

export const EVERY_END = ['job.succeeded', 'job.failed', 'job.cancelled', 'job.expired', 'job.rejected'];

/** @returns what registers an endpoint, of a tenant that exists from then on, and shows its secret */
export function tenantMaker(clients: Clients, outputs: Outputs) {
  const items = table(clients.dynamo, outputOf(outputs, 'JobsTableName'), systemRandom);
  const keys = sealing(clients.kms, outputOf(outputs, 'WebhookKeyId'));
  const ports = { endpoints: endpointRegister(items), keys, clock: systemClock, random: systemRandom };
  return async (tenantId: string, { origin, ...asked }: Receiver): Promise<string | undefined> => {
    await tenantStore(items).put({ tenantId, status: 'active' });
    const outcome = await register(ports, { tenantId, ...asked }, [origin]);
    if (outcome.kind === 'refused') throw new Error(outcome.problem.message);
    return outcome.shown[0];
  };
}

/** @returns what to sign with, for the server that a user runs at `ownUrl`; it receives the webhooks of the first tenant */
export async function seedTenants(
  clients: Clients,
  outputs: Outputs,
  secrets: ReadonlyMap<string, string>,
  inbox: Inbox,
  ownUrl?: URL,
): Promise<string | undefined> {
  const make = tenantMaker(clients, outputs);
  for (const tenantId of tenants) {
    const secret = secrets.get(tenantId);
    const { origin } = inbox;
    await make(tenantId, {
      endpointId: 'whe_inbox',
      url: inbox.urlOf(tenantId),
      origin,
      secret,
      events: EVERY_END,
    });
  }
  if (ownUrl === undefined) return undefined;
  return make(tenants[0], { endpointId: 'whe_own', url: ownUrl.href, origin: ownUrl.origin });
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
