/**
 * One function in an execution environment as Lambda makes it: the packaged bundle in a folder of its own, Lambda's own
 * runtime client as the program, and behind it a Runtime API that has one event to give.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { outside } from '../outside/outside.ts';

export interface PackagedFunction {
  readonly name: string;
  readonly arn: string;
  /** `functions/intake.handler` */
  readonly handler: string;
  /** Where the bundle is unpacked. */
  readonly folder: string;
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
  /** All it is given besides what Lambda itself sets. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface Answer {
  readonly kind: 'response' | 'error' | 'init_error' | 'none';
  readonly body: unknown;
  /** What the function wrote to its log. */
  readonly log: string;
}

const API = '/2018-06-01/runtime';
const REQUEST_ID = '8476a536-e9f4-11e8-9739-2dfe598c3fcd';
/** Lambda lets an init phase take ten seconds; a busy machine gets longer. */
const INIT_SECONDS = 30;

/** @returns the first thing the runtime client posts, or `none` when the function's time ran out before */
export async function invoke(fn: PackagedFunction, event: unknown): Promise<Answer> {
  const answered = Promise.withResolvers<Omit<Answer, 'log'>>();
  let given = false;
  const server = createServer(async (request, response) => {
    const route = request.url?.slice(API.length);
    // The runtime asks for the next event once it is done with one. There is none: Lambda would freeze it here.
    if (route === '/invocation/next') return given ? undefined : giveEvent(response);
    answered.resolve(await postedBy(request, route));
    response.writeHead(202).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  function giveEvent(response: ServerResponse): void {
    given = true;
    const body = JSON.stringify(event);
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'lambda-runtime-aws-request-id': REQUEST_ID,
      'lambda-runtime-deadline-ms': String(Date.now() + fn.timeoutSeconds * 1000),
      'lambda-runtime-invoked-function-arn': fn.arn,
      'lambda-runtime-trace-id': 'Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0',
    });
    response.end(body);
  }

  const child = startRuntime(fn, (server.address() as AddressInfo).port); // a TCP server that listens has one
  let log = '';
  for (const output of [child.stdout, child.stderr]) output?.on('data', (chunk) => (log += String(chunk)));
  const ended = once(child, 'exit').then(() => answered.resolve({ kind: 'none', body: undefined }));
  const deadline = setTimeout(
    () => answered.resolve({ kind: 'none', body: undefined }),
    (INIT_SECONDS + fn.timeoutSeconds) * 1000,
  );
  const answer = await answered.promise;
  clearTimeout(deadline);
  child.kill('SIGKILL');
  await ended;
  server.close();
  server.closeAllConnections();
  return { ...answer, log };
}

async function postedBy(request: IncomingMessage, route = ''): Promise<Omit<Answer, 'log'>> {
  const body = await text(request);
  if (route === '/init/error') return { kind: 'init_error', body: JSON.parse(body) };
  if (route === `/invocation/${REQUEST_ID}/error`) return { kind: 'error', body: JSON.parse(body) };
  if (route === `/invocation/${REQUEST_ID}/response`)
    return { kind: 'response', body: body === '' ? undefined : JSON.parse(body) };
  throw new Error(`No route of the Runtime API: ${request.method} ${request.url}`);
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, "Defined runtime environment variables" */
function startRuntime(fn: PackagedFunction, port: number): ChildProcess {
  if (outside.lambdaClient === undefined) throw new Error('aws-lambda-ric is not installed: npm run outside');
  return spawn(process.execPath, [outside.lambdaClient, fn.handler], {
    cwd: fn.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...fn.environment,
      _HANDLER: fn.handler,
      LAMBDA_TASK_ROOT: fn.folder,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
      AWS_LAMBDA_FUNCTION_NAME: fn.name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(fn.memoryMiB),
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${fn.name}`,
      AWS_LAMBDA_LOG_STREAM_NAME: '2026/01/05/[$LATEST]5f7e1a2b3c4d',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      TZ: ':UTC',
    },
  });
}
