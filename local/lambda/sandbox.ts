/** One worker thread with one function in it: what Lambda calls an execution environment. */
import { randomUUID } from 'node:crypto';
import { devNull } from 'node:os';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import {
  type Call,
  type FromThread,
  handlerOf,
  type InvokeFailure,
  type InvokeResult,
  type LambdaFunction,
  type ThreadSetup,
} from './function.ts';

export interface Surroundings {
  readonly endpoint: string;
  readonly region: string;
  readonly clock: { readonly shared: SharedArrayBuffer };
  /** Every line a function writes to its console. */
  output(functionName: string, line: string): void;
}

export interface Sandbox {
  /** undefined once the bundle is imported, otherwise why that failed. */
  readonly ready: Promise<InvokeFailure | undefined>;
  /** Why the thread is gone; undefined when `end` asked for it. */
  readonly ended: Promise<InvokeFailure | undefined>;
  isAlive(): boolean;
  /** One call at a time. Never rejects. @param payload JSON text */
  invoke(payload: string): Promise<InvokeResult>;
  end(): Promise<void>;
}

export const closed = failed('Sandbox.Closed', 'The embedded cloud was closed');

/** Lambda allows an init phase 10 s; a laptop that starts everything at once gets longer. */
const INIT_TIMEOUT_SECONDS = 60;

export function startSandbox(fn: LambdaFunction, surroundings: Surroundings): Sandbox {
  const { environment, ...described } = fn;
  const setup: ThreadSetup = { ...described, clock: surroundings.clock.shared };
  const worker = new Worker(new URL('./thread.ts', import.meta.url), {
    name: fn.name,
    workerData: setup,
    env: { ...environment, ...lambdaEnvironment(fn, surroundings) },
    execArgv: ['--enable-source-maps'],
    stdout: true,
    stderr: true,
    // A function that eats memory ends its own thread; without a limit it would end the whole process.
    resourceLimits: { maxOldGenerationSizeMb: fn.memoryMiB },
  });
  for (const input of [worker.stdout, worker.stderr]) {
    createInterface({ input }).on('line', (line) => surroundings.output(fn.name, line));
  }

  const ready = Promise.withResolvers<InvokeFailure | undefined>();
  const ended = Promise.withResolvers<InvokeFailure | undefined>();
  let answer: PromiseWithResolvers<InvokeResult> | undefined;
  let imported = false;
  let lost: InvokeFailure | undefined;

  const lose = (failure: InvokeFailure, asked = false): void => {
    if (lost) return;
    lost = failure;
    clearTimeout(initTimer);
    ready.resolve(failure);
    answer?.resolve(failure);
    ended.resolve(asked ? undefined : failure);
    // Not awaited: a thread inside a native call ends only when that returns, and the caller has its answer.
    worker.terminate();
  };
  const crashed = (reason: string): void => {
    if (imported) lose(failed('Runtime.ExitError', `Runtime exited with error: ${reason}`));
    else lose(failed('Runtime.ImportModuleError', reason));
  };
  const initTimer = setTimeout(
    () => lose(failed('Sandbox.Timedout', `Init timed out after ${INIT_TIMEOUT_SECONDS}.00 seconds`)),
    INIT_TIMEOUT_SECONDS * 1000,
  );

  worker.on('message', (message: FromThread) => {
    if (message.kind === 'ready') {
      imported = true;
      clearTimeout(initTimer);
      ready.resolve(undefined);
    } else answer?.resolve(resultOf(message));
  });
  worker.on('error', (error) => crashed(String(error)));
  worker.on('exit', (code) => crashed(`exit status ${code}`));

  return {
    ready: ready.promise,
    ended: ended.promise,
    isAlive: () => !lost,
    async invoke(payload) {
      if (lost) return lost;
      answer = Promise.withResolvers();
      const sentence = `Task timed out after ${fn.timeoutSeconds.toFixed(2)} seconds`;
      const timer = setTimeout(() => lose(failed('Sandbox.Timedout', sentence)), fn.timeoutSeconds * 1000);
      const call: Call = { requestId: randomUUID(), payload };
      worker.postMessage(call);
      const result = await answer.promise;
      clearTimeout(timer);
      return result;
    },
    async end() {
      lose(closed, true);
      await worker.terminate();
    },
  };
}

function resultOf(message: Exclude<FromThread, { kind: 'ready' }>): InvokeResult {
  if (message.kind === 'returned') return { outcome: 'returned', payload: JSON.parse(message.payload) };
  return failed(message.errorType, message.errorMessage);
}

/** A failure in the words Lambda itself uses. */
function failed(errorType: string, errorMessage: string): InvokeFailure {
  return { outcome: 'failed', errorType, errorMessage };
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html (defined runtime variables) */
function lambdaEnvironment(fn: LambdaFunction, { endpoint, region }: Surroundings): Record<string, string> {
  return {
    _HANDLER: handlerOf(fn),
    AWS_LAMBDA_FUNCTION_NAME: fn.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(fn.memoryMiB),
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: fn.name,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL: endpoint,
    // Lambda has no profile files. Without these the SDK would read the developer's own ~/.aws.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  };
}
