/** Three clients that people use with AWS, each behind one call: the JavaScript SDK, boto3 and the AWS CLI. */
import { spawn } from 'node:child_process';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { outside } from '../outside/outside.ts';

export type ClientName = 'JavaScript' | 'boto3' | 'AWS CLI';
type Body = Readonly<Record<string, unknown>>;

/** Blobs in the input and in the answer are text. */
export interface Client {
  /** @throws Refused */
  call(service: string, operation: string, input: Body): Promise<Body>;
  close(): Promise<void>;
}

/** How a client shows an error of the service. */
export class Refused extends Error {
  constructor(code: string, message: string) {
    super(message);
    this.name = code;
  }
}

export interface Clients {
  readonly name: ClientName;
  readonly installed: boolean;
  open(endpoint: string): Client;
}

export const allClients: readonly Clients[] = [
  { name: 'JavaScript', installed: true, open: openJavaScript },
  {
    name: 'boto3',
    installed: outside.python !== undefined,
    open: (endpoint) => openPython('boto3', endpoint),
  },
  {
    name: 'AWS CLI',
    installed: outside.python !== undefined,
    open: (endpoint) => openPython('cli', endpoint),
  },
];

const PACKAGES: Readonly<Record<string, string>> = { events: 'eventbridge', logs: 'cloudwatch-logs' };

interface SdkClient {
  send(command: object): Promise<Record<string, unknown>>;
  destroy(): void;
}
type Sdk = Readonly<Record<string, new (given: object) => object>>;

function openJavaScript(endpoint: string): Client {
  const opened = new Map<string, { sdk: Sdk; client: SdkClient }>();
  const config = { endpoint, region: 'us-east-1', maxAttempts: 1, forcePathStyle: true };
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const open = async (service: string) => {
    const sdk: Sdk = await import(`@aws-sdk/client-${PACKAGES[service] ?? service}`);
    const name = Object.keys(sdk).find((key) => /^[A-Z]\w*Client$/.test(key)) ?? '';
    const Made = sdk[name];
    if (Made === undefined) throw new Error(`there is no client of ${service}`);
    // Every client of the SDK has these two.
    return { sdk, client: new Made({ ...config, credentials }) as SdkClient };
  };
  return {
    async call(service, operation, input) {
      const { sdk, client } = opened.get(service) ?? (await open(service));
      opened.set(service, { sdk, client });
      const Command = sdk[`${operation}Command`];
      if (Command === undefined) throw new Error(`the SDK has no ${operation} of ${service}`);
      try {
        return await withTexts(await client.send(new Command(input)));
      } catch (error) {
        if (error instanceof Error && '$metadata' in error) throw new Refused(error.name, error.message);
        throw error;
      }
    },
    async close() {
      for (const { client } of opened.values()) client.destroy();
    },
  };
}

async function withTexts({ $metadata: _, ...answer }: Record<string, unknown>): Promise<Body> {
  const { Body, Payload } = answer;
  const isStream = typeof Body === 'object' && Body !== null && 'transformToString' in Body;
  return {
    ...answer,
    // As the SDK documents its streams.
    ...(isStream && { Body: await (Body as { transformToString(): Promise<string> }).transformToString() }),
    ...(Payload instanceof Uint8Array && { Payload: Buffer.from(Payload).toString() }),
  };
}

function openPython(which: 'boto3' | 'cli', endpoint: string): Client {
  const child = spawn(outside.python ?? '', [join(import.meta.dirname, '../outside/clients.py'), which], {
    env: {
      PATH: process.env['PATH'],
      PYTHONPYCACHEPREFIX: join(import.meta.dirname, '../../.build/outside/pycache'),
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_MAX_ATTEMPTS: '1',
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async call(service, operation, input) {
      child.stdin.write(`${JSON.stringify({ service, operation, input })}\n`);
      const { done, value } = await lines.next();
      if (done) throw new Error(`${which} ended on ${operation} of ${service}`);
      const { answer, error, message } = JSON.parse(value);
      if (error !== undefined) throw new Refused(error, message);
      return answer;
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}
