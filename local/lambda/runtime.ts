/** Entry of a sandbox's process: imports one function's bundle and answers one call at a time. */
import { flushCompileCache } from 'node:module';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';
import { followClock } from '../clock.ts';
import { handlerOf, type LambdaFunction } from './function.ts';
import type { FromSandbox, ToSandbox } from './sandbox-messages.ts';

type Described = Omit<LambdaFunction, 'environment'>;
type Handler = (event: unknown, context: object) => unknown;

// Node has read it already, and the function's environment is to be that of Lambda.
delete process.env['NODE_COMPILE_CACHE'];

// Before the import: a bundle may read the time while it is loaded.
const setClockOffset = followClock();
/** Of the call that runs now. */
let currentRequestId: string | undefined;
let loaded: { readonly fn: Described; readonly handler: Handler } | undefined;

process.on('message', async (message: ToSandbox) => {
  switch (message.kind) {
    case 'load':
      setClockOffset(message.offsetMs);
      if (message.fn.log?.format === 'JSON') printJson();
      loaded = { fn: message.fn, handler: await load(message.fn).catch(crash) };
      send({ kind: 'ready' });
      // Node writes the cache at exit, and a sandbox ends by SIGKILL.
      flushCompileCache();
      break;
    case 'clock':
      setClockOffset(message.offsetMs);
      break;
    case 'call':
      if (loaded) send(await answer(loaded.fn, loaded.handler, message));
  }
});
// The host is gone. A function that never returns to its event loop is ended by the reaper.
process.on('disconnect', () => process.exit());
process.on('uncaughtException', crash);

function send(message: FromSandbox, sent: () => void = () => undefined): void {
  process.send?.(message, sent);
}

async function load(fn: Described): Promise<Handler> {
  const bundle: Readonly<Record<string, unknown>> = await import(pathToFileURL(fn.bundle).href);
  const handler = bundle[fn.exportName];
  if (typeof handler !== 'function') throw new Error(`${handlerOf(fn)} is undefined or not exported`);
  return (event, context) => handler(event, context);
}

async function answer(
  fn: Described,
  handler: Handler,
  { requestId, tenantId, payload }: Extract<ToSandbox, { kind: 'call' }>,
): Promise<FromSandbox> {
  currentRequestId = requestId;
  try {
    const answered = await handler(JSON.parse(payload), contextFor(fn, requestId, tenantId));
    return { kind: 'returned', payload: JSON.stringify(answered) ?? 'null' };
  } catch (thrown) {
    return { kind: 'threw', ...printError(fn, `${requestId} ERROR Invoke Error`, thrown) };
  }
}

function crash(thrown: unknown): Promise<never> {
  printError(loaded?.fn, 'ERROR Uncaught Exception', thrown);
  send({ kind: 'crashed', importing: loaded === undefined, reason: String(thrown) }, () => process.exit(1));
  return new Promise(() => undefined);
}

/**
 * What the console of a function prints, as lines that name their request. What a program writes to its streams directly stays as it is.
 * @see AWS Lambda developer guide, "Using structured JSON logs with Node.js"
 */
function printJson(): void {
  const levels = { log: 'INFO', info: 'INFO', debug: 'DEBUG', warn: 'WARN', error: 'ERROR', trace: 'TRACE' };
  for (const [name, level] of Object.entries(levels))
    Object.assign(console, {
      [name]: (first: unknown, ...rest: readonly unknown[]) => {
        const isAlone = rest.length === 0 && typeof first === 'object' && !(first instanceof Error);
        jsonLine(level, isAlone ? first : format(first, ...rest));
      },
    });
}

function jsonLine(level: string, message: unknown): void {
  const timestamp = new Date().toISOString();
  const line = JSON.stringify({ timestamp, level, requestId: currentRequestId, message });
  process.stdout.write(`${line}\n`);
}

function printError(
  fn: Described | undefined,
  label: string,
  thrown: unknown,
): { errorType: string; errorMessage: string } {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const [errorType, errorMessage] = [error.name, error.message];
  const trace = error.stack?.split('\n');
  if (fn?.log?.format === 'JSON') jsonLine('ERROR', { errorType, errorMessage, stackTrace: trace });
  else process.stderr.write(`${label} ${JSON.stringify({ errorType, errorMessage, trace })}\n`);
  return { errorType, errorMessage };
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
function contextFor(
  { name, arn, memoryMiB, timeoutSeconds }: Described,
  requestId: string,
  tenantId: string | undefined,
): object {
  // Not Date: a moved clock must not use up the remaining time of a function.
  const deadline = performance.now() + timeoutSeconds * 1000;
  return {
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: arn,
    memoryLimitInMB: String(memoryMiB),
    awsRequestId: requestId,
    ...(tenantId !== undefined && { tenantId }),
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(deadline - performance.now())),
  };
}
