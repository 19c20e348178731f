/** What graphs are played on: a stack, the client of a service, and what its tenant and its operator do. */
import { randomBytes } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { type HeadgateServer, headgate } from '../../client/index.ts';
import type { InputsOf } from '../../client/types.ts';
import { forward } from '../../console/server/forward.ts';
import { tenantFolder } from '../../domain/job/identity.ts';
import type { jobTypes } from '../../job-types.ts';
import { type Cloud, startCloud } from '../../local/cloud.ts';
import { built } from '../../tools/build.ts';
import { awsClients } from '../clients.ts';
import { laptopDoor, registerLaptopKey } from '../door.ts';
import { openInbox, type Received } from '../inbox.ts';
import { imageFolders } from '../sample.ts';
import { EVERY_END, outputOf, tenantMaker } from '../seed.ts';

export const TENANT = 'acme';

export interface GraphStage {
  readonly client: HeadgateServer<InputsOf<typeof jobTypes>>;
  readonly clock: Cloud['clock'];
  readonly received: readonly Received[];
  /** Puts a file of the tenant. @returns its address */
  upload(name: string, text: string): Promise<string>;
  addressOf(name: string): string;
  /** @param address of an object in the bucket of the stack. @returns its text */
  read(address: string): Promise<string>;
  /** A call of the API as an operator. @returns its body @throws for an answer that is no success */
  operate(method: 'GET' | 'POST' | 'PUT', path: string, body?: object): Promise<unknown>;
  close(): Promise<void>;
}

export async function openStage(): Promise<GraphStage> {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const received: Received[] = [];
  const inbox = await openInbox(new Map([[TENANT, secret]]), (webhook) => received.push(webhook));
  const door = await laptopDoor(undefined);
  const cloud = await startCloud({
    template: built.template,
    bundles: built.functions,
    images: imageFolders,
    parameters: { MaxvCpus: '4', SubmitSettleSeconds: '3' },
    functionEnvironment: { WEBHOOK_ALLOWED_ORIGINS: inbox.origin, STACK_AUDIENCE: door.audience },
  });
  const clients = awsClients(cloud.environment);
  const { outputs, clock } = cloud;
  await registerLaptopKey(clients, outputs, door);
  const endpoint = { endpointId: 'whe_graph', url: inbox.urlOf(TENANT), origin: inbox.origin };
  await tenantMaker(clients, outputs)(TENANT, { ...endpoint, secret, events: EVERY_END });
  const Bucket = outputOf(outputs, 'JobsBucketName');
  const keyOf = (name: string) => `${tenantFolder(TENANT)}inputs/${name}`;
  const addressOf = (name: string) => `s3://${Bucket}/${keyOf(name)}`;
  return {
    client: headgate<typeof jobTypes>({ url: outputOf(outputs, 'ApiUrl'), key: door.key, tenant: TENANT }),
    clock,
    received,
    addressOf,
    async upload(name, Body) {
      await clients.s3.send(new PutObjectCommand({ Bucket, Key: keyOf(name), Body }));
      return addressOf(name);
    },
    async read(address) {
      const Key = address.slice(`s3://${Bucket}/`.length);
      const { Body } = await clients.s3.send(new GetObjectCommand({ Bucket, Key }));
      return (await Body?.transformToString()) ?? '';
    },
    operate: operator(cloud),
    async close() {
      clients.close();
      await cloud.close();
      await inbox.close();
    },
  };
}

function operator({ outputs, environment }: Cloud): GraphStage['operate'] {
  const { AWS_REGION: region = '', AWS_ACCESS_KEY_ID: accessKeyId = '' } = environment;
  const { AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = environment;
  const target = {
    url: new URL(outputOf(outputs, 'OperateUrl')),
    region,
    credentials: async () => ({ accessKeyId, secretAccessKey }),
  };
  return async (method, path, body) => {
    const headers = {
      'content-type': 'application/json',
      'idempotency-key': randomBytes(12).toString('hex'),
    };
    const text = Buffer.from(body === undefined ? '' : JSON.stringify(body));
    const answer = await forward(target, { method, path, headers, body: text });
    if (answer.kind !== 'answer') throw new Error(`${method} ${path}: ${answer.kind}`);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body.toString());
  };
}
